/**
 * An HTTP server in front of a fake S3. On demand it answers 500, does not answer, changes a bit, or holds an upload until it is
 * released. Otherwise it passes everything on unchanged.
 */
import { type IncomingMessage, createServer, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { DRIVERS } from '../contract/storage-drivers.js';

export type Trouble = 'fails' | 'says nothing' | 'turns a bit' | 'holds';

export interface FaultyS3 {
  /** S3_ variables for the product's processes. */
  readonly env: NodeJS.ProcessEnv;
  /** The next `times` requests of this method, with this in their path or media type, get this fault; returns a function that ends it. */
  trouble(kind: Trouble, method: 'GET' | 'PUT', about?: RegExp, times?: number): () => void;
  /** How many requests there were. */
  readonly asked: number;
  /** How many requests got a fault so far. */
  readonly met: number;
  /** Requests that are held just now, by path. */
  readonly held: readonly string[];
  stop(): Promise<void>;
}

interface Rule {
  kind: Trouble;
  method: string;
  about: RegExp;
  left: number;
  free: (() => void)[];
}

export async function startFaultyS3(): Promise<FaultyS3> {
  const fake = await DRIVERS.find(({ name }) => name.startsWith('fauxqs'))!.start();
  const { port: to } = new URL(fake.origin);
  const rules = new Set<Rule>();
  const held: string[] = [];
  let [asked, met] = [0, 0];

  async function pass(near: IncomingMessage, answer: ServerResponse): Promise<void> {
    asked++;
    const said = `${near.url} ${near.headers['content-type']}`;
    const rule = [...rules].find(({ method, about, left }) => left > 0 && method === near.method && about.test(said));
    const body = await buffer(near);
    if (rule) {
      rule.left--;
      met++;
      if (rule.kind === 'fails') return void answer.writeHead(500).end('<Error><Code>InternalError</Code></Error>');
      if (rule.kind === 'says nothing') return;
      if (rule.kind === 'holds') {
        held.push(near.url!);
        await new Promise<void>((free) => rule.free.push(free));
        held.splice(held.indexOf(near.url!), 1);
        if (answer.destroyed) return; // the sender closed the connection before the upload was complete
      }
      if (rule.kind === 'turns a bit' && near.method === 'PUT') body[body.length >> 1] ^= 1;
    }
    const far = request({ host: '127.0.0.1', port: to, method: near.method, path: near.url, headers: near.headers }, (from) => {
      void buffer(from).then((bytes) => {
        if (rule?.kind === 'turns a bit' && near.method === 'GET') bytes[bytes.length >> 1] ^= 1;
        answer.writeHead(from.statusCode!, from.headers).end(bytes);
      });
    });
    far.on('error', () => answer.destroy());
    far.end(body);
  }

  const server = createServer((near, answer) => void pass(near, answer).catch(() => answer.destroy()));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  return {
    env: {
      S3_BUCKET: 'inkreel',
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      S3_ACCESS_KEY_ID: 'S3RVER',
      S3_SECRET_ACCESS_KEY: 'S3RVER',
      S3_STALL_SECONDS: '2',
    },
    trouble(kind, method, about = /./, times = Infinity) {
      const rule: Rule = { kind, method, about, left: times, free: [] };
      rules.add(rule);
      return () => {
        rules.delete(rule);
        for (const free of rule.free) free();
      };
    },
    get asked() {
      return asked;
    },
    get met() {
      return met;
    },
    held,
    async stop() {
      for (const { free } of rules) for (const go of free) go();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await fake.stop();
    },
  };
}
