/** The URLs of an instance, and what is printed when it is ready. */
import { short } from './paths.mjs';
import { bold, dim, green, line } from './console.mjs';

const PORT = 3000;

/** The host, port and URLs of an environment. */
export function addresses(env) {
  const host = env.HOST?.trim() || '127.0.0.1';
  const port = Number(env.PORT?.trim() || PORT);
  return { host, port, urls: urlsOf(host, port) };
}

export function urlsOf(host, port) {
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  const base = `http://${shown}:${port}`;
  return { api: `${base}/v1`, swagger: `${base}/docs`, openapi: `${base}/openapi.json`, queues: `${base}/admin/queues` };
}

const TITLES = { api: 'API', swagger: 'Swagger UI', openapi: 'OpenAPI', queues: 'Job dashboard' };

/** @param {{ urls: Record<string, string>, accounts?: { role: string, email: string, password: string }[], home: import('./home.mjs').Home, took: string }} facts */
export function welcome({ urls, accounts, home, took }) {
  line(`\n  ${green(bold('Inkreel is up'))} ${dim(`after ${took}`)}\n`);
  for (const [name, title] of Object.entries(TITLES)) line(`  ${title.padEnd(14)} ${urls[name]}`);
  if (accounts?.length) {
    line(`\n  ${bold('Demo accounts')} ${dim(`(${short(home.accountsFile)})`)}\n`);
    for (const { role, email, password } of accounts) line(`  ${role.padEnd(14)} ${email.padEnd(26)} ${password}`);
  }
  line(
    `\n  ${dim(`Data and logs are in ${short(home.folder)}. Ctrl-C stops everything and keeps them; npm run reset deletes them.`)}\n`,
  );
}
