/**
 * `npm run deploy:check`: Dockerfile, docker-compose.yml and the CI workflow are sound, and agree with the code.
 * Linters know the formats; that a variable, a health check, a program or a file they name exists, only this repository knows.
 *
 *   node scripts/deploy-check.mjs [folder]     the folder that holds the three files; the clone itself by default
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '..');
const folder = path.resolve(process.argv[2] ?? ROOT);
const read = (file) => readFileSync(path.join(folder, file), 'utf8');

/** The table of libs/config/config.ts, read as text: this runs before any build. */
function knownVariables() {
  const table = /export const VARIABLES[^{]*\{([\s\S]*?)\n\};/.exec(
    readFileSync(path.join(ROOT, 'libs/config/config.ts'), 'utf8'),
  );
  const names = [...(table?.[1] ?? '').matchAll(/^ {2}([A-Z][A-Z0-9_]*):/gm)].map(([, name]) => name);
  if (names.length < 10)
    throw new Error('VARIABLES was not found in libs/config/config.ts: correct how scripts/deploy-check.mjs reads it.');
  return new Set(names);
}

const VARIABLES = knownVariables();
const HEALTH = readFileSync(path.join(ROOT, 'libs/operations/health.controller.ts'), 'utf8');

/** `dist/src/web.js` comes from `src/web.ts`. */
const programsIn = (text) =>
  [...text.matchAll(/\bdist\/(src\/[\w./-]+)\.js\b/g)]
    .filter(([, source]) => !existsSync(path.join(ROOT, `${source}.ts`)))
    .map(([program, source]) => `starts ${program}, but there is no ${source}.ts`);

const healthIn = (text) =>
  [...text.matchAll(/:(?:\d+|\$\{?[\w.]+\}?)\/([\w-]+)/g)]
    .filter(([, route]) => !HEALTH.includes(`@Get('${route}')`))
    .map(([, route]) => `asks /${route} for health, which libs/operations does not answer`);

const yaml = (file) => {
  const document = parseDocument(read(file), { merge: true });
  if (document.errors.length) throw new Error(document.errors[0].message.split('\n')[0]);
  return document.toJS();
};

function dockerfile() {
  const text = read('Dockerfile').replace(/\\\n/g, ' ');
  const lines = text.split('\n').map((line) => line.trim());
  const of = (word) => lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length).trim());
  const set = [...of('ENV'), ...of('ARG')].flatMap((line) =>
    [...line.matchAll(/(?:^|\s)([A-Za-z_]\w*)=/g)].map(([, name]) => name),
  );
  const user = of('USER').at(-1) ?? 'root';
  const copied = of('COPY').filter((line) => !line.includes('--from='));
  return [
    ...set.filter((name) => !VARIABLES.has(name)).map((name) => `sets ${name}, which libs/config does not know`),
    ...(/^[1-9]\d*(:\d+)?$/.test(user) ? [] : [`ends as user ${user}: name a number above 0, as Kubernetes asks`]),
    ...(of('HEALTHCHECK').length ? [] : ['has no HEALTHCHECK']),
    ...of('FROM')
      .filter((line) => !/:[\w.-]*\d/.test(line))
      .map((line) => `starts from ${line.split(' ')[0]}, which has no version`),
    ...copied
      .flatMap((line) => line.split(/\s+/).slice(0, -1))
      .filter((file) => !existsSync(path.join(ROOT, file)))
      .map((file) => `copies ${file}, which does not exist`),
    ...healthIn(lines.filter((line) => line.startsWith('CMD') || line.startsWith('HEALTHCHECK')).join('\n')),
    ...programsIn(lines.filter((line) => /^(CMD|ENTRYPOINT)/.test(line)).join('\n')),
  ];
}

/** Not for compose: what the image sets, and what has no meaning in a container. */
const NOT_IN_COMPOSE = new Set([
  ...['NODE_ENV', 'HOST', 'PORT', 'INKREEL_HOME', 'FFMPEG_PATH'],
  ...['SIGNING_KEY_FILE', 'DEMO_ACCOUNTS_FILE'],
]);

function compose() {
  const { services = {} } = yaml('docker-compose.yml');
  const named = (environment) =>
    Array.isArray(environment) ? environment.map((line) => line.split('=')[0]) : Object.keys(environment ?? {});
  const isOurs = ({ build, image = '' }) => build !== undefined || image.startsWith('inkreel');
  const ours = Object.entries(services).filter(([, service]) => isOurs(service));
  const foreign = new Set(
    Object.values(services)
      .filter((service) => !isOurs(service))
      .flatMap(({ environment }) => named(environment)),
  );
  const asked = [
    ...read('docker-compose.yml')
      .replace(/^\s*#.*$/gm, '')
      .matchAll(/(?<!\$)\$\{(\w+)/g),
  ].map(([, name]) => name);
  return [
    ...(ours.length ? [] : ['has no service of ours: none is built here or has an image named inkreel']),
    ...ours.flatMap(([name, { environment }]) =>
      named(environment)
        .filter((variable) => !VARIABLES.has(variable))
        .map((variable) => `gives ${name} ${variable}, which libs/config does not know`),
    ),
    ...[...new Set(asked)]
      .filter((name) => !VARIABLES.has(name) && !foreign.has(name))
      .map((name) => `asks for \${${name}}, which nothing reads`),
    ...(ours.length ? [...VARIABLES] : [])
      .filter((name) => !NOT_IN_COMPOSE.has(name) && !ours.some(([, { environment }]) => named(environment).includes(name)))
      .map((name) => `passes no ${name}, which libs/config reads`),
    ...ours.flatMap(([name, { command = '', healthcheck = {} }]) =>
      [...programsIn([command].flat().join(' ')), ...healthIn([healthcheck.test ?? ''].flat().join(' '))].map(
        (problem) => `${name} ${problem}`,
      ),
    ),
    ...Object.entries(services)
      .filter(([, { image, build }]) => !build && !/:[\w.-]*\d/.test(image ?? ''))
      .map(([name, { image }]) => `${name} runs ${image}, which has no version`),
  ];
}

function workflow() {
  const { permissions, jobs = {} } = yaml('.github/workflows/ci.yml');
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);
  const nodes = Object.values(jobs)
    .flatMap((job) => job.strategy?.matrix?.node ?? [])
    .map(String);
  return [
    ...(permissions && typeof permissions === 'object' && Object.values(permissions).every((right) => right !== 'write')
      ? []
      : ['does not limit the permissions of all jobs to reading']),
    ...steps
      .filter(({ uses }) => uses && !/@(v\d|[0-9a-f]{40}$)/.test(uses))
      .map(({ uses }) => `uses ${uses}, which has no version`),
    ...['20', '24']
      .filter((major) => !nodes.some((node) => node.split('.')[0] === major))
      .map((major) => `does not run on Node ${major}`),
    ...(steps.some(({ run = '' }) => run.includes('.ci/run')) ? [] : ['does not run .ci/run']),
    ...Object.entries(jobs)
      .filter(([, job]) => !job['timeout-minutes'])
      .map(([name]) => `lets ${name} run for hours: give it timeout-minutes`),
  ];
}

/** @returns what a linter of node_modules prints as JSON; both leave with 1 when they object. */
const lint = (bin, ...args) =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [path.join(ROOT, 'node_modules', bin), ...args], { cwd: ROOT }, (_, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        reject(new Error(`${bin} did not run: ${stderr || stdout}`));
      }
    });
  });

async function dockerfilelint() {
  const { files } = await lint('dockerfilelint/bin/dockerfilelint', '-j', path.join(folder, 'Dockerfile'));
  return files.flatMap(({ issues }) => issues.map(({ line, title, description }) => `line ${line}: ${title}. ${description}`));
}

async function dclint() {
  const reports = await lint(
    'dclint/bin/dclint.cjs',
    '-c',
    path.join(ROOT, '.dclintrc.json'),
    '-f',
    'json',
    path.join(folder, 'docker-compose.yml'),
  );
  return reports.flatMap(({ messages }) => messages.map(({ line, rule, message }) => `line ${line}: ${message} (${rule})`));
}

const CHECKS = [
  ['Dockerfile', dockerfile],
  ['Dockerfile', dockerfilelint],
  ['docker-compose.yml', compose],
  ['docker-compose.yml', dclint],
  ['.github/workflows/ci.yml', workflow],
];

const problems = await Promise.all(
  CHECKS.map(async ([file, check]) => {
    try {
      return (await check()).map((problem) => `${file} ${problem}`);
    } catch (error) {
      return [`${file} cannot be checked: ${error.message}`];
    }
  }),
);
for (const problem of problems.flat()) console.error(problem);
console.log(
  problems.flat().length ? `${problems.flat().length} problem(s)` : 'Dockerfile, docker-compose.yml and the workflow are sound',
);
process.exitCode = problems.flat().length ? 1 : 0;
