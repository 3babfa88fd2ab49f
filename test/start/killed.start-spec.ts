import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { clear, freePort, Instance, newHome, processesOf, until } from './instance.js';

/** Sends `signal` as the system would: to this one process, without a word to the others. */
const send = (pid: number, signal: NodeJS.Signals): boolean => process.kill(pid, signal);

describe('an instance whose processes are killed', () => {
  const home = newHome();
  let instance: Instance;
  let rows = 0;

  /** A write that was acknowledged: from then on it must be there. */
  async function write(): Promise<void> {
    await instance.query('CREATE TABLE IF NOT EXISTS kept (id int PRIMARY KEY)');
    await instance.query('INSERT INTO kept VALUES ($1)', [(rows += 1)]);
  }
  const written = async (): Promise<unknown> => (await instance.query('SELECT count(*)::int AS n FROM kept'))[0].n;

  beforeAll(async () => {
    instance = await Instance.start(home);
  });
  afterAll(() => clear(home));

  it('prints every URL and the demo accounts, and keeps secrets to its owner', () => {
    const accounts = JSON.parse(readFileSync(join(home, 'demo-accounts.json'), 'utf8')) as { email: string; password: string }[];
    const { urls } = instance.run;
    for (const url of Object.values(urls)) expect(instance.output).toContain(url);
    for (const { email, password } of accounts) expect(instance.output).toMatch(new RegExp(`${email} +${password}`));
    for (const file of ['run.json', 'demo-accounts.json', 'secrets/signing-key.pem', 'secrets/postgres-password'])
      expect((statSync(join(home, file)).mode & 0o777).toString(8)).toBe('600');
  });

  it.each(['web', 'worker', 'postgres', 'redis'])('brings %s back after kill -9, with every acknowledged write', async (name) => {
    await write();
    const killed = instance.pid(name);
    send(killed, 'SIGKILL');
    await instance.says(`${name} is back`);
    expect(instance.pid(name)).not.toBe(killed);
    await until('it serves again', () => instance.isServing());
    expect(await written()).toBe(rows);
    instance.output = '';
  });

  it('is recovered by the next npm start after kill -9 of the starter', async () => {
    await write();
    const { web, worker, postgres } = instance.run.processes;
    send(instance.pid('starter'), 'SIGKILL');
    await instance.ended;
    await until(
      'web and worker leave by themselves',
      () => !processesOf(home).some(({ pid }) => pid === web.pid || pid === worker.pid),
    );
    expect(processesOf(home).map(({ pid }) => pid)).toContain(postgres.pid);

    instance = await Instance.start(home);
    expect(instance.output).toContain('postgres and redis of a killed run');
    expect(processesOf(home).map(({ pid }) => pid)).not.toContain(postgres.pid);
    expect(await written()).toBe(rows);
    expect(instance.output).not.toMatch(/Migrations|Demo content|Build|Dependencies/);
  });

  it('refuses a second start on the same home, naming the first', async () => {
    expect(await instance.isServing()).toBe(true);
    const second = Instance.run(['start'], home, await freePort());
    expect(await second.ended).toBe(1);
    expect(second.output).toContain(`already runs from ${home} (pid ${instance.pid('starter')}`);
  });

  it('is joined by another web and another worker, which leave with it and alone', async () => {
    const port = await freePort();
    const web = Instance.run(['run', 'web', '--', '--port', String(port)], home, port);
    const worker = Instance.run(['run', 'worker'], home, port);
    await web.says(`http://127.0.0.1:${port}/v1`);
    await worker.says('takes jobs');
    expect(await instance.isServing(port)).toBe(true);
    const own = processesOf(home).filter(({ command }) => /join\.mjs web/.test(command) && !command.startsWith('npm'));
    send(own.at(-1)!.pid, 'SIGTERM');
    await web.ended;
    expect(await instance.isServing(port)).toBe(false);
    expect(await instance.isServing()).toBe(true);
  });

  it('stops everything, the joined worker too, when npm is killed with -9', async () => {
    await write();
    send(instance.pid('npm'), 'SIGKILL');
    await instance.isGone();
    instance = await Instance.start(home);
    expect(await written()).toBe(rows);
  });

  it.each(['npm', 'starter', 'web', 'worker'])('leaves no process behind after SIGTERM to %s', async (name) => {
    if (processesOf(home).length === 0) instance = await Instance.start(home);
    send(instance.pid(name), 'SIGTERM');
    await instance.isGone();
  });

  it('gives up after five deaths in a minute, with a sentence', async () => {
    instance = await Instance.start(home);
    let last = 0;
    for (let death = 0; death < 5; death += 1) {
      last = await until('another worker', () => (instance.pid('worker') === last ? 0 : instance.pid('worker')));
      send(last, 'SIGKILL');
    }
    expect(await instance.ended).toBe(1);
    expect(instance.output).toMatch(/worker died 5 times within a minute, so everything stops/);
    await instance.isGone();
  });
});
