/**
 * `npm test [-- jest arguments]`: runs every suite once, on a PostgreSQL and a Redis of its own that are deleted afterwards. It
 * does not disturb what runs from this clone. With TEST_DATABASE_ADMIN_URL (a superuser) or TEST_REDIS_URL given, those are used instead.
 *
 * Jest finds in its environment: TEST_DATABASE_ADMIN_URL, TEST_TEMPLATE (a migrated database to clone), TEST_REDIS_URL and
 * INKREEL_DIST (the build to start processes from).
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkFolder, checkMachine } from './parts/checks.mjs';
import { readJson } from './parts/files.mjs';
import { CACHE, ROOT } from './parts/paths.mjs';
import { checkClone, prepare } from './parts/prepare.mjs';
import { onStop, run, stopping } from './parts/processes.mjs';
import { provideRedis } from './parts/redis-server.mjs';
import { main } from './parts/refusal.mjs';
import { bold, line, step } from './parts/console.mjs';
import { makeTemplate, startTestServers } from './parts/test-servers.mjs';

const RESULTS = path.join(CACHE, 'test-results.json');

await main(async () => {
  const began = Date.now();
  const env = { ...process.env };
  await step('Machine', async (note) => {
    note(checkMachine({ DATABASE_URL: env.TEST_DATABASE_ADMIN_URL }));
    checkFolder(os.tmpdir(), 0.5, 'The temporary folder');
    checkClone();
  });
  await provideRedis({ REDIS_URL: env.TEST_REDIS_URL });
  const { dist, lease } = await prepare('npm test');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'inkreel-test-'));
  chmodSync(folder, 0o755); // as root, PostgreSQL runs as another user, which must be able to enter the folder
  onStop(() => {}); // `finally` below stops what was started
  let servers;
  let template;
  try {
    servers = await startTestServers({ folder, lease, env });
    template = await makeTemplate({
      adminUrl: servers.databaseAdminUrl,
      redisUrl: servers.redisUrl,
      folder,
      dist,
      shared: servers.sharedDatabase,
    });
    rmSync(RESULTS, { force: true });
    if (stopping) return 130;
    const { code } = await run(
      process.execPath,
      [
        'node_modules/jest/bin/jest.js',
        '--config',
        'jest.config.mjs',
        '--json',
        `--outputFile=${RESULTS}`,
        ...process.argv.slice(2),
      ],
      {
        cwd: ROOT,
        group: true,
        spawned: (pid) => servers.own(pid, { group: true }),
        env: {
          ...env,
          NODE_ENV: 'test',
          TEST_DATABASE_ADMIN_URL: servers.databaseAdminUrl,
          TEST_TEMPLATE: template.name,
          TEST_REDIS_URL: servers.redisUrl,
          INKREEL_DIST: dist,
        },
      },
    );
    return report(code, Date.now() - began);
  } finally {
    await template?.drop();
    await servers?.stop();
    rmSync(folder, { recursive: true, force: true });
    lease.end();
  }
});
process.exit();

/** Prints the sum. A suite that could not be loaded counts as a failure, and a run without a test fails. */
function report(code, took) {
  const results = readJson(RESULTS);
  const passed = results?.numPassedTests ?? 0;
  const failed = results ? results.numFailedTests + results.numRuntimeErrorTestSuites : 1;
  if (!results && !stopping) line(`\n  Jest left no results (exit code ${code}).`);
  line(
    `\n  ${bold(`${passed} passed, ${failed} failed`)}, ${results?.numPendingTests ?? 0} skipped, in ${(took / 1000).toFixed(0)} s (.cache/test-results.json)\n`,
  );
  return code === 0 && failed === 0 && passed > 0 ? 0 : 1;
}
