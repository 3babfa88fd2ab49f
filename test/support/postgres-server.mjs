/**
 * A temporary PostgreSQL that a test may restart: `node postgres-server.mjs <folder> <port>`. Prints its URL when it answers queries,
 * and again after each line `restart` on standard input; stops, and ends, when that is closed.
 */
import path from 'node:path';
import { createInterface } from 'node:readline';
import {
  createPostgres,
  postgresReady,
  postgresUrl,
  preparePostgres,
  spawnPostgres,
} from '../../tools/launcher/parts/postgres.mjs';
import { known, stop } from '../../tools/launcher/parts/processes.mjs';

const [, , folder, port] = process.argv;
const password = 'thrown-away';
const runner = preparePostgres(path.join(folder, 'postgres'));
await createPostgres(runner, { password, durable: false });
const url = postgresUrl({ port, password }, 'inkreel');
let server;

async function start() {
  server = spawnPostgres(runner, { port, durable: false });
  await postgresReady(server, url);
  console.log(url);
}
/** As an operator restarts it: whoever is connected is cut off. */
const halt = () => stop(known(server.pid), ['SIGINT', 10_000], ['SIGKILL', 2_000]);

await start();
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== 'restart') continue;
  await halt();
  await start();
}
await halt();
