/** Dockerfile, docker-compose.yml and the workflow agree with the code, and `npm run deploy:check` would say so if not. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

interface Answer {
  code: number;
  problems: string[];
}

function check(...folder: string[]): Promise<Answer> {
  return new Promise((done) => {
    execFile(process.execPath, [join(ROOT, 'scripts/deploy-check.mjs'), ...folder], (error, _, stderr) =>
      done({ code: typeof error?.code === 'number' ? error.code : 0, problems: stderr.split('\n').filter(Boolean) }),
    );
  });
}

it('ours are sound', async () => {
  expect(await check()).toEqual({ code: 0, problems: [] });
});

describe('it would object to', () => {
  let broken: Answer;
  beforeAll(async () => {
    broken = await check(join(import.meta.dirname, 'broken/deploy'));
  });

  it.each([
    ['an image that sets a variable nobody reads', 'Dockerfile sets DATABASE_URI, which libs/config does not know'],
    ['an image that runs as root', 'Dockerfile ends as user root'],
    ['a base without a version', 'Dockerfile starts from node:latest, which has no version'],
    ['a file that is not there', 'Dockerfile copies gone.json, which does not exist'],
    ['a health check of a path nobody answers', 'Dockerfile asks /health for health'],
    ['a program that is not built', 'Dockerfile starts dist/src/server.js, but there is no src/server.ts'],
    ['what dockerfilelint knows', 'Dockerfile line 3: Consider `--no-install-recommends`'],
    ['a service given a variable nobody reads', 'docker-compose.yml gives web REDIS_URI, which libs/config does not know'],
    ['a setting that compose does not pass', 'docker-compose.yml passes no AUTHOR_SIGN_UP, which libs/config reads'],
    ['asking for a variable nobody reads', 'docker-compose.yml asks for ${PUBLIC_ADDRESS}, which nothing reads'],
    ['a service whose program is not built', 'docker-compose.yml web starts dist/src/main.js, but there is no src/main.ts'],
    ['an image without a version', 'docker-compose.yml redis runs redis, which has no version'],
    ['what dclint knows', 'docker-compose.yml line 8: Service "web" is exporting port "3000:3000"'],
    ['a workflow with all permissions', '.github/workflows/ci.yml does not limit the permissions'],
    ['an action without a version', '.github/workflows/ci.yml uses actions/checkout@main'],
    ['a Node version that is not tried', '.github/workflows/ci.yml does not run on Node 20'],
    ['another run than ours', '.github/workflows/ci.yml does not run .ci/run'],
    ['a job without an end', '.github/workflows/ci.yml lets checks run for hours'],
  ])('%s', (_, problem) => {
    expect(broken.problems).toContainEqual(expect.stringContaining(problem));
    expect(broken.code).toBe(1);
  });

  it('files that are no YAML', async () => {
    const { code, problems } = await check(join(import.meta.dirname, 'broken/deploy-unreadable'));
    expect(problems).toContainEqual(expect.stringContaining('docker-compose.yml cannot be checked'));
    expect(problems).toContainEqual(expect.stringContaining('ci.yml cannot be checked'));
    expect(code).toBe(1);
  });

  it('files that are not there', async () => {
    const { code, problems } = await check(join(import.meta.dirname, 'broken/src'));
    expect(problems).toContainEqual(expect.stringMatching(/^Dockerfile cannot be checked: ENOENT/));
    expect(code).toBe(1);
  });
});
