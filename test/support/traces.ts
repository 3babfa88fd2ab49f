/** Where a word is stored: in any row of any table, in any file of the home folder, or in Redis. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Stack } from './stack.js';

/** @returns names of tables, files and Redis keys that hold the word, whatever its case. */
export async function tracesOf(word: string, stack: Stack): Promise<string[]> {
  const found = await Promise.all([inTables(word, stack), inFiles(word, stack.home), inRedis(word, stack.redis.url)]);
  return found.flat().sort();
}

async function inTables(word: string, stack: Stack): Promise<string[]> {
  const tables = await stack.sql<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
      WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  const found: string[] = [];
  for (const { name } of tables)
    if ((await stack.sql(`SELECT FROM ${name} AS t WHERE t::text ILIKE $1 LIMIT 1`, [`%${word}%`])).length) found.push(name);
  return found;
}

async function inFiles(word: string, folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found: string[] = [];
  for (const file of files) {
    const bytes = await readFile(file).catch(() => Buffer.alloc(0)); // it was deleted meanwhile
    if (bytes.toString('latin1').toLowerCase().includes(word.toLowerCase())) found.push(file);
  }
  return found;
}

async function inRedis(word: string, url: string): Promise<string[]> {
  const redis = new Redis(url);
  try {
    const found: string[] = [];
    for (const key of await redis.keys('*'))
      if (`${key} ${await valueOf(redis, key)}`.toLowerCase().includes(word.toLowerCase())) found.push(`redis ${key}`);
    return found;
  } finally {
    redis.disconnect();
  }
}

async function valueOf(redis: Redis, key: string): Promise<string> {
  const read: Record<string, () => Promise<unknown>> = {
    string: () => redis.get(key),
    hash: () => redis.hgetall(key),
    list: () => redis.lrange(key, 0, -1),
    set: () => redis.smembers(key),
    zset: () => redis.zrange(key, 0, -1),
    stream: () => redis.xrange(key, '-', '+'),
  };
  return JSON.stringify(await read[await redis.type(key)]?.());
}
