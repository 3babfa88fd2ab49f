/**
 * The least that serves a chapter to a signed-in reader: Fastify, pg, one named statement that finds the finished JSON by its key,
 * one check of the token, remembered as long as it is good. What a bench of ours is measured against; started by chapter.mjs with DATABASE_URL and PUBLIC_KEY.
 */
import { createPublicKey } from 'node:crypto';
import Fastify from 'fastify';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const key = createPublicKey(process.env.PUBLIC_KEY);
/** Of tokens that were checked: when they expire. */
const checked = new LRUCache({ max: 10_000 });
const server = Fastify({ keepAliveTimeout: 65_000 });

server.get('/v1/chapters/:id', async (request, reply) => {
  const { authorization } = request.headers;
  if (authorization !== undefined) check(authorization.slice('Bearer '.length));
  const { rows } = await pool.query({
    name: 'chapter',
    text: 'SELECT etag, json FROM bench_chapter WHERE id = $1',
    values: [request.params.id],
  });
  if (!rows.length) return reply.code(404).send();
  const [{ etag, json }] = rows;
  reply.header('etag', etag).header('cache-control', 'public, no-cache');
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.header('content-type', 'application/json; charset=utf-8').send(json);
});

function check(token) {
  const expiresAt = checked.get(token);
  if (expiresAt > Date.now()) return;
  const { exp } = jwt.verify(token, key, { algorithms: ['ES256'], issuer: 'inkreel', audience: 'inkreel-api' });
  checked.set(token, exp * 1_000);
}

await server.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
for (const end of ['disconnect', 'SIGTERM']) process.on(end, () => process.exit()); // a profile is written on the way out
