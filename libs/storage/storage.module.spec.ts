/** The module in a real Nest application: which adapter the configuration gets, and the route that links lead to. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Config } from '#libs/config/config';
import { ProblemFilter } from '#libs/http/problems';
import { FileStore } from './file-store.js';
import { ObjectStore } from './object-store.js';
import { S3Store } from './s3-store.js';
import { ObjectLinksModule, StorageModule } from './storage.module.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const SIGNING_KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
let home: string;

async function application(more: Record<string, string> = {}): Promise<NestFastifyApplication> {
  const config = new Config({ DATABASE_URL: 'postgres://x/x', REDIS_URL: 'redis://x', SIGNING_KEY, INKREEL_HOME: home, ...more });
  @Global()
  @Module({ providers: [{ provide: Config, useValue: config }], exports: [Config] })
  class GivenConfig {}
  const module = await Test.createTestingModule({ imports: [GivenConfig, StorageModule, ObjectLinksModule] }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  return app;
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'inkreel-home-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

it('keeps objects under the home where no bucket is named', async () => {
  const app = await application();
  expect(app.get(ObjectStore)).toBeInstanceOf(FileStore);
  await app.get(ObjectStore).put('a', Buffer.from('x'), { contentType: 'text/plain' });
  const again = await application();
  expect(await again.get(ObjectStore).head('a')).toMatchObject({ bytes: 1 });
  await Promise.all([app.close(), again.close()]);
});

it('keeps them on S3 where one is', async () => {
  const app = await application({ S3_BUCKET: 'films', S3_ENDPOINT: 'http://127.0.0.1:9' });
  expect(app.get(ObjectStore)).toBeInstanceOf(S3Store);
  await app.close();
});

it('serves what a link of any process of this installation grants, and only that', async () => {
  const [signer, app] = [await application(), await application()];
  const origin = await app.getUrl();
  const key = '故乡/第 1 章+%2f.mp4';
  const { etag } = await signer.get(ObjectStore).put(key, Buffer.from('0123456789'), { contentType: 'video/mp4' });
  const signedAt = Date.now();
  const path = await signer.get(ObjectStore).signedUrl(key, { expiresInSeconds: 60, filename: '故乡.mp4' });

  const answer = await fetch(origin + path, { headers: { range: 'bytes=2-' } });
  expect([answer.status, await answer.text()]).toEqual([206, '23456789']);
  expect(answer.headers.get('etag')).toBe(etag);
  const [, left] = /^private, max-age=(\d+)$/.exec(answer.headers.get('cache-control')!)!.map(Number);
  expect(left).toBeLessThanOrEqual(60);
  expect(left).toBeGreaterThanOrEqual(59 - Math.ceil((Date.now() - signedAt) / 1_000)); // what has passed of its minute, in whole seconds
  expect(answer.headers.get('content-disposition')).toContain(`filename*=UTF-8''%E6%95%85%E4%B9%A1.mp4`);
  const head = await fetch(origin + path, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);

  for (const changed of [
    path.replace('.mp4?', '.mp5?'),
    `${path}x`,
    path.split('?')[0],
    '/v1/objects/a',
    '/v1/objects/..%2fa?signature=',
  ]) {
    const refused = await fetch(origin + changed);
    expect([refused.status, await refused.json()]).toMatchObject([403, { type: 'urn:inkreel:problem:link-not-valid' }]);
  }
  await Promise.all([signer.close(), app.close()]);
});
