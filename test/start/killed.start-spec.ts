import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RenditionResponse } from '../../src/rendering/infrastructure/renditions.contract.js';
import { Api } from '../support/api.js';
import { begunChapter, must } from '../support/people.js';
import { clear, freePort, Instance, newHome, processesOf, until } from './instance.js';

describe('an instance whose processes are killed', () => {
  const home = newHome();
  const kept: string[] = [];
  let port: number;
  let token: string;
  let instance: Instance;

  const api = (): Api => new Api(`http://127.0.0.1:${port}`, token);
  const start = (): Promise<Instance> => Instance.start(home, port);
  const accounts = (): { email: string; password: string; role: string }[] =>
    JSON.parse(readFileSync(join(home, 'demo-accounts.json'), 'utf8')) as never;

  /** Publishes a chapter. After the answer it must never be lost. */
  async function publish(markdown: string): Promise<string> {
    const { chapterId } = await begunChapter({ api: api() }, { markdown, publish: true });
    kept.push(chapterId);
    return chapterId;
  }
  /** Asks for a film and waits until one of its scenes is being encoded. */
  async function filming(): Promise<{ film: string; encoder: number }> {
    const chapter = await publish(`The lamp went out ${kept.length} times. Nobody had touched it, and the stairs were empty.`);
    const film = must(201, await api().post<RenditionResponse>(`/v1/chapters/${chapter}/renditions`, {}));
    const encoder = await until(
      'an encoder',
      () => processesOf(home).find(({ program, command }) => program === 'ffmpeg' && command.includes('libx264')),
      60,
    );
    return { film: film.id, encoder: encoder.pid };
  }
  /** Sends a signal to one process only. */
  function send(pid: number, signal: NodeJS.Signals): void {
    processesOf(home); // remembers its child processes
    process.kill(pid, signal);
  }
  const logLines = (name: string): { context?: string }[] =>
    readFileSync(join(home, `logs/${name}.log`), 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}')) // the last line may be half written
      .map((line) => JSON.parse(line) as object);
  const readable = async (): Promise<string[]> => {
    const answers = await Promise.all(kept.map((id) => api().get(`/v1/chapters/${id}`)));
    return answers.filter(({ status }) => status === 200).map(({ body }) => body.id);
  };
  /** Tokens are refused with 503 for half a second after PostgreSQL is back. */
  const servesTokens = async (): Promise<boolean> =>
    (await instance.isServing()) && (await api().get('/v1/works?mine=true')).status === 200;

  beforeAll(async () => {
    port = await freePort();
    instance = await start();
    const { email, password } = accounts().find(({ role }) => role === 'author')!;
    token = must(201, await api().post<{ accessToken: string }>('/v1/sessions', { email, password })).accessToken;
  });
  afterAll(() => clear(home));

  it('prints every URL and the demo accounts, and makes secrets readable by their owner only', () => {
    const { urls } = instance.run;
    for (const url of Object.values(urls)) expect(instance.output).toContain(url);
    for (const { email, password } of accounts()) expect(instance.output).toMatch(new RegExp(`${email} +${password}`));
    for (const file of ['run.json', 'demo-accounts.json', 'secrets/signing-key.pem', 'secrets/postgres-password'])
      expect((statSync(join(home, file)).mode & 0o777).toString(8)).toBe('600');
  });

  it('shows the warnings of web and worker as text, and keeps the full lines in their logs', async () => {
    await fetch(`http://127.0.0.1:${port}/livez`, { headers: { 'x-forwarded-for': '203.0.113.1' } });
    await instance.says('web      Proxy: A request came from');
    // The starter is stopped meanwhile: PostgreSQL would otherwise be back before the worker asks it again.
    send(instance.pid('starter'), 'SIGSTOP');
    send(instance.pid('postgres'), 'SIGKILL');
    const warning = await until('a warning in the log', () => logLines('worker').find(({ context }) => context === 'Relay'));
    send(instance.pid('starter'), 'SIGCONT');
    expect(warning).toMatchObject({ level: 40, process: 'worker', msg: expect.stringContaining('waiting') as string });
    await instance.says('worker   Relay: waiting');
    await instance.says('postgres is running again');
    await until('it serves again', servesTokens);
    instance.output = '';
  });

  it.each(['web', 'worker', 'postgres', 'redis'])('brings %s back after kill -9, with every acknowledged write', async (name) => {
    await publish(`The lamp stayed lit while ${name} was killed.`);
    const killed = instance.pid(name);
    send(killed, 'SIGKILL');
    await instance.says(`${name} is running again`);
    expect(instance.pid(name)).not.toBe(killed);
    await until('it serves again', servesTokens);
    expect(await readable()).toEqual(kept);
    instance.output = '';
  });

  it('finishes a film whose encoder is killed with -9', async () => {
    const { film, encoder } = await filming();
    send(encoder, 'SIGKILL');
    const state = await until(
      'the film is ready',
      async () => {
        const { body } = await api().get<RenditionResponse>(`/v1/renditions/${film}`);
        return ['ready', 'failed'].includes(body.state) && body.state;
      },
      90,
    );
    expect(state).toBe('ready');
  });

  it('is recovered by the next npm start after kill -9 of the starter', async () => {
    await publish('The lamp stayed lit while the keeper was killed.');
    const { web, worker, postgres } = instance.run.processes;
    send(instance.pid('starter'), 'SIGKILL');
    await instance.ended;
    await until(
      'web and worker leave by themselves',
      () => !processesOf(home).some(({ pid }) => pid === web.pid || pid === worker.pid),
    );
    expect(processesOf(home).map(({ pid }) => pid)).toContain(postgres.pid);

    instance = await start();
    expect(instance.output).toContain('postgres and redis of a killed run');
    expect(processesOf(home).map(({ pid }) => pid)).not.toContain(postgres.pid);
    expect(await readable()).toEqual(kept);
    expect(instance.output).not.toMatch(/Migrations|Demo content|Build|Dependencies/);
  });

  it('refuses a second start on the same home, naming the first', async () => {
    expect(await instance.isServing()).toBe(true);
    const second = Instance.run(['start'], home, await freePort());
    expect(await second.ended).toBe(1);
    expect(second.output).toContain(`already runs from ${home} (pid ${instance.pid('starter')}`);
  });

  it('is joined by another web and another worker, which stop with it, or alone', async () => {
    const other = await freePort();
    const web = Instance.run(['run', 'web', '--', '--port', String(other)], home, port);
    const worker = Instance.run(['run', 'worker'], home, port);
    await web.says(`http://127.0.0.1:${other}/v1`);
    await worker.says('takes jobs');
    expect(await instance.isServing(other)).toBe(true);
    const own = processesOf(home).filter(({ command }) => /join\.mjs web/.test(command) && !command.startsWith('npm'));
    send(own.at(-1)!.pid, 'SIGTERM');
    await web.ended;
    expect(await instance.isServing(other)).toBe(false);
    expect(await instance.isServing()).toBe(true);
  });

  it('stops everything, the joined worker too, when npm is killed with -9', async () => {
    await publish('The lamp stayed lit while nobody watched.');
    send(instance.pid('npm'), 'SIGKILL');
    await instance.isGone();
    instance = await start();
    expect(await readable()).toEqual(kept);
  });

  it.each(['npm', 'starter', 'web', 'worker'])(
    'leaves no process running after SIGTERM to %s while it makes a film',
    async (name) => {
      if (processesOf(home).length === 0) instance = await start();
      await filming();
      send(instance.pid(name), 'SIGTERM');
      await instance.isGone();
    },
  );

  it('stops everything when a process ended unexpectedly five times in a minute, and says so', async () => {
    instance = await start();
    let last = 0;
    for (let death = 0; death < 5; death += 1) {
      last = await until('another worker', () => (instance.pid('worker') === last ? 0 : instance.pid('worker')));
      send(last, 'SIGKILL');
    }
    expect(await instance.ended).toBe(1);
    expect(instance.output).toMatch(/worker ended 5 times within a minute, so everything stops/);
    await instance.isGone();
  });
});
