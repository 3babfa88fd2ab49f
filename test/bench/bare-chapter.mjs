/**
 * The least that serves a chapter to a signed-in reader: Fastify, pg, one named statement that finds the finished JSON by its key,
 * one check of the token. What a bench of ours is measured against; started by chapter.mjs with DATABASE_URL and PUBLIC_KEY.
 */
import { createPublicKey } from 'node:crypto';
import Fastify from 'fastify';
import jwt from 'jsonwebtoken';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const key = createPublicKey(process.env.PUBLIC_KEY);
const server = Fastify({ keepAliveTimeout: 65_000 });

server.get('/v1/chapters/:id', async (request, reply) => {
  const token = request.headers.authorization;
  if (token)
    jwt.verify(token.slice('Bearer '.length), key, { algorithms: ['ES256'], issuer: 'inkreel', audience: 'inkreel-api' });
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

await server.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
process.on('disconnect', () => process.exit());
