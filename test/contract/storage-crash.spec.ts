/** A process that is killed during a put leaves nothing visible; and an unavailable store is reported as such. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { CreateMultipartUploadCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { FileStore } from '#libs/storage/file-store';
import { StoreUnavailable } from '#libs/storage/object-store';
import { S3Store } from '#libs/storage/s3-store';
import { DRIVERS, linkSigner, type RunningStore } from './storage-drivers.js';

const repository = resolve(__dirname, '../..');
const TEXT = { contentType: 'text/plain' };

/** Uploads 5 MB to `film`, reports it, and then keeps the upload open. */
const UPLOADER = `
  import { createSecretKey, randomBytes } from 'node:crypto';
  import { Readable } from 'node:stream';
  import { FileStore } from './libs/storage/file-store.js';
  import { SignedUrls } from './libs/storage/signed-urls.js';
  const store = await FileStore.open(process.argv[2], new SignedUrls(createSecretKey(randomBytes(32))));
  const source = async function* () {
    for (let megabyte = 0; megabyte < 5; megabyte++) yield Buffer.alloc(1_000_000, 'x');
    console.log('midway');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  };
  await store.put('film', Readable.from(source()), { contentType: 'video/mp4' });
`;

describe('a process killed while it stores', () => {
  let folder: string;
  const objects = (): string => join(folder, 'objects');
  const incoming = (): Promise<string[]> => readdir(join(objects(), 'incoming'));
  const list = async (store: FileStore): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of store.list('')) keys.push(key);
    return keys;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inkreel-crash-'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', imports: { '#libs/*': './libs/*.js' } }));
    const storage = ['file-store', 'file-layout', 'object-body', 'object-key', 'object-store', 'byte-range', 'signed-urls'];
    for (const name of ['libs/kernel/domain-error', ...storage.map((file) => `libs/storage/${file}`)]) {
      const source = await readFile(join(repository, `${name}.ts`), 'utf8');
      const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 };
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, `${name}.js`), transpileModule(source, { compilerOptions }).outputText);
    }
    await writeFile(join(folder, 'uploader.mjs'), UPLOADER);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  beforeEach(() => rm(objects(), { recursive: true, force: true }));

  const killMidway = async (): Promise<void> => {
    const child = spawn(process.execPath, ['uploader.mjs', objects()], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const gone = once(child, 'exit');
    const [said] = (await Promise.race([once(child.stdout, 'data'), gone])) as [Buffer | number];
    expect(String(said).trim()).toBe('midway');
    child.kill('SIGKILL');
    await gone;
  };

  it('leaves no object, and its leftovers are swept by a start an hour later', async () => {
    await killMidway();
    const store = await FileStore.open(objects(), linkSigner());
    expect(await store.head('film')).toBeUndefined();
    expect(await list(store)).toEqual([]);

    const leftovers = await incoming();
    expect(leftovers).toHaveLength(1);
    const past = new Date(Date.now() - 61 * 60_000);
    await utimes(join(objects(), 'incoming', leftovers[0]), past, past);
    await FileStore.open(objects(), linkSigner());
    expect(await incoming()).toEqual([]);
  });

  it('removes its leftovers also when no process starts: the sweep deletes what is older than its limit', async () => {
    await killMidway();
    const store = await FileStore.open(objects(), linkSigner());
    expect(await store.clearUnfinished(new Date(Date.now() - 60_000))).toBe(0);
    expect(await store.clearUnfinished(new Date(Date.now() + 1_000))).toBe(1);
    expect(await incoming()).toEqual([]);
  });

  it('leaves the object that was there', async () => {
    const store = await FileStore.open(objects(), linkSigner());
    await store.put('film', Buffer.from('the old one'), TEXT);
    await killMidway();
    expect((await buffer((await store.get('film')).stream)).toString()).toBe('the old one');
    expect(await store.head('film')).toMatchObject({ bytes: 11, contentType: 'text/plain' });
    expect(await list(store)).toEqual(['film']);
  });
});

describe('an upload to S3 that was killed between two parts', () => {
  let fake: RunningStore;
  let front: Awaited<ReturnType<typeof listingUploads>>;
  let client: S3Client;
  const at = (Key: string) => ({ Bucket: 'inkreel', Key });
  const keys = { accessKeyId: 'a', secretAccessKey: 'b' };

  beforeAll(async () => {
    fake = await DRIVERS.find(({ name }) => name.startsWith('fauxqs'))!.start();
    front = await listingUploads(fake.origin);
    client = new S3Client({ endpoint: front.origin, forcePathStyle: true, region: 'us-east-1', credentials: keys });
  });
  afterAll(async () => {
    client.destroy();
    await front.stop();
    await fake.stop();
  });

  it('is aborted when it is older than it is told; younger ones and stored objects stay', async () => {
    const store = new S3Store({ bucket: 'inkreel', endpoint: front.origin, region: 'us-east-1', ...keys });
    const film = randomBytes(9 * 1024 * 1024);
    await store.put('stored', film, TEXT);
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(at('killed')));
    const part = () => client.send(new UploadPartCommand({ ...at('killed'), UploadId, PartNumber: 1, Body: 'half' }));
    await part();
    expect(await store.clearUnfinished(new Date(Date.now() - 60_000))).toBe(0);
    await part();
    expect(await store.clearUnfinished(new Date(Date.now() + 60_000))).toBe(1);
    await expect(part()).rejects.toMatchObject({ name: 'NoSuchUpload' });
    expect(await store.clearUnfinished(new Date(Date.now() + 60_000))).toBe(0);
    expect((await buffer((await store.get('stored')).stream)).equals(film)).toBe(true);
    store.onModuleDestroy();
  });
});

/** Neither fake can list its uploads, as real stores do: this stands before one, hands everything on and keeps that list. */
async function listingUploads(behind: string): Promise<{ origin: string; stop(): Promise<void> }> {
  const uploads = new Map<string, { key: string; began: Date }>();
  const server = createHttpServer((request, response) => {
    const url = new URL(request.url!, behind);
    if (request.method === 'GET' && url.searchParams.has('uploads')) {
      const listed = [...uploads].map(
        ([id, { key, began }]) =>
          `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${began.toISOString()}</Initiated></Upload>`,
      );
      const xml = `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${listed.join('')}</ListMultipartUploadsResult>`;
      return response.setHeader('content-type', 'application/xml').end(xml);
    }
    const onward = httpRequest(url, { method: request.method, headers: request.headers }, (answer) => {
      void buffer(answer).then((body) => {
        const [, begun] = /<UploadId>([^<]+)<\/UploadId>/.exec(body.toString()) ?? [];
        if (begun) uploads.set(begun, { key: url.pathname.split('/').slice(2).join('/'), began: new Date() });
        const ended = url.searchParams.get('uploadId');
        const isEnd = request.method === 'DELETE' || request.method === 'POST';
        if (ended && isEnd && answer.statusCode! < 300) uploads.delete(ended);
        response.writeHead(answer.statusCode!, answer.headers).end(body);
      });
    });
    request.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => new Promise((done) => void server.close(() => done()).closeAllConnections()),
  };
}

describe('an S3 that is away', () => {
  it('is named as such by every call, within seconds', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((done) => server.close(done));
    const keys = { accessKeyId: 'a', secretAccessKey: 'b' };
    const store = new S3Store({ bucket: 'b', endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', ...keys });
    const large = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(100_000)));
    const began = Date.now();
    for (const call of [
      () => store.put('a', Buffer.from('x'), TEXT),
      () => store.put('a', large, TEXT),
      () => store.get('a'),
      () => store.head('a'),
      () => store.delete('a'),
      () => store.list('')[Symbol.asyncIterator]().next(),
      () => store.check(),
    ])
      await expect(call()).rejects.toBeInstanceOf(StoreUnavailable);
    expect(Date.now() - began).toBeLessThan(15_000);
    store.onModuleDestroy();
  });
});
