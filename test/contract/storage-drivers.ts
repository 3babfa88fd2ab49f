/** The stores that the contract suite runs against: a folder of our own and two fakes of S3, each a process of its own. */
import { spawn } from 'node:child_process';
import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import Fastify from 'fastify';
import { sendProblem } from '#libs/http/problems';
import { FileStore } from '#libs/storage/file-store';
import { LinkGuards } from '#libs/storage/link-guards';
import type { ObjectStore } from '#libs/storage/object-store';
import { ObjectsController } from '#libs/storage/objects.controller';
import { S3Store } from '#libs/storage/s3-store';
import { OBJECTS_ROUTE, SignedUrls } from '#libs/storage/signed-urls';

/** Faults of a fake that a real store does not have. The suite asserts each, so that one that is mended is noticed. */
export type Fault =
  | 'answers expired links'
  | 'fails when a list has another page'
  | 'ignores what a link says of type and name'
  | 'lists in an order of its own'
  | 'mixes simultaneous puts'
  | 'sends everything for the first byte';

export interface RunningStore {
  store: ObjectStore;
  /** What a relative signed URL is resolved against. */
  origin: string;
  stop(): Promise<void>;
}

export interface Driver {
  name: string;
  faults: Fault[];
  start(): Promise<RunningStore>;
}

const BUCKET = 'inkreel';
const repository = resolve(__dirname, '../..');

export const DRIVERS: Driver[] = [
  { name: 'a folder', faults: [], start: startFolder },
  {
    name: 's3rver 3.7.1',
    faults: [
      'sends everything for the first byte',
      'mixes simultaneous puts',
      'lists in an order of its own',
      'fails when a list has another page',
    ],
    start: () =>
      startFake(`
        const S3rver = require('s3rver');
        const [directory] = process.argv.slice(1);
        new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory, configureBuckets: [{ name: '${BUCKET}' }] })
          .run().then(({ port }) => console.log(port));`),
  },
  {
    name: 'fauxqs 1.9.2',
    faults: ['answers expired links', 'ignores what a link says of type and name'],
    start: () =>
      startFake(`
        import('fauxqs')
          .then(({ startFauxqs }) => startFauxqs({ port: 0, host: '127.0.0.1', logger: false, init: { buckets: ['${BUCKET}'] } }))
          .then(({ port }) => console.log(port));`),
  },
];

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'inkreel-objects-'));
}

export function linkSigner(): SignedUrls {
  return new SignedUrls(createSecretKey(randomBytes(32)));
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A stream of the bytes, which ends with an error where one is given. */
export function inPieces(bytes: Buffer, size = 100_000, then?: Error): Readable {
  const pieces = function* (): Generator<Buffer, void> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    if (then) throw then;
  };
  return Readable.from(pieces());
}

async function startFolder(): Promise<RunningStore> {
  const folder = await temporaryFolder();
  const links = linkSigner();
  const store = await FileStore.open(folder, links);
  const controller = new ObjectsController(store, links, new LinkGuards());
  const server = Fastify();
  server.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  server.get(`${OBJECTS_ROUTE}/*`, (request, reply) => controller.read(request, reply));
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  return {
    store,
    origin: `http://127.0.0.1:${port}`,
    stop: async () => {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Runs the script with a data folder as its argument; it must print its port, and dies with its standard input. */
async function startFake(script: string): Promise<RunningStore> {
  const folder = await temporaryFolder();
  const child = spawn(process.execPath, ['-e', `process.stdin.on('end', () => process.exit()).resume();${script}`, folder], {
    cwd: repository,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('The fake S3 ended before it listened'))),
  ])) as [string];
  const origin = `http://127.0.0.1:${Number(line)}`;
  // The pair that s3rver knows; fauxqs takes any.
  const store = new S3Store({
    bucket: BUCKET,
    endpoint: origin,
    region: 'us-east-1',
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
  });
  return {
    store,
    origin,
    stop: async () => {
      store.onModuleDestroy();
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
