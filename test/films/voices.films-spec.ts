/** Films spoken by a speech server that is slow or answers wrongly, what is paid for, where its key appears, and voices that are not installed. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type {
  RenditionResponse,
  ScenesResponse,
  SettingsResponse,
} from '../../src/rendering/infrastructure/renditions.contract.js';
import { installationWithout } from '../support/installation.js';
import { must, type Person } from '../support/people.js';
import { type Provider, startProvider } from '../support/provider/provider.js';
import { Api, begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

const KEY = 'sk-inkreel-never-show-8f3c1d';
const ESPEAK = '@echogarden/espeak-ng-emscripten';
const FIRST = 'The lamp on the third window had burned for eleven nights, and nobody could say who filled it.';
const SECOND = 'On the twelfth night it was dark, and the whole quay came out to look.';

let provider: Provider;
let stack: Stack;
let author: Person;

beforeAll(async () => {
  provider = await startProvider(KEY);
  stack = await startStack({
    ownRedis: true,
    env: { RENDER_CONCURRENCY: '2', VOICE_API_URL: provider.url, VOICE_API_KEY: KEY, VOICE_API_TIMEOUT: '2', LOG_LEVEL: 'debug' },
  });
  author = await signUp(stack, { role: 'author', name: 'Mira' });
});

const ask = async (chapterId: string, body: object): Promise<RenditionResponse> => {
  const asked = await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, body);
  expect([asked.status, asked.body]).toEqual([expect.any(Number), expect.objectContaining({ id: expect.any(String) as string })]);
  return asked.body;
};

const over = (id: string): Promise<RenditionResponse> =>
  until(
    async () => {
      const { body } = await author.api.get<RenditionResponse>(`/v1/renditions/${id}`);
      return ['ready', 'failed'].includes(body.state) && body;
    },
    100_000,
    'the film is over',
  );

const filmed = async (chapterId: string, body: object = { voice: 'api:af_heart' }) => over((await ask(chapterId, body)).id);
const scenesOf = async ({ id }: RenditionResponse): Promise<ScenesResponse> =>
  must(200, await author.api.get<ScenesResponse>(`/v1/renditions/${id}/scenes`));
const published = (markdown: string, language = 'en') => begunChapter(author, { markdown, language, publish: true });

describe('A film spoken by a speech server', () => {
  it('is asked for once: neither another work nor a new way of mastering pays for a sentence again', async () => {
    await provider.answers('stream');
    const { chapterId } = await published(`${FIRST}\n\n${SECOND}`);
    expect(await filmed(chapterId)).toMatchObject({ state: 'ready', degraded: false, warnings: [], voice: 'api:af_heart' });
    const asked = await provider.asked();
    expect(asked.map(({ input }) => input).sort()).toEqual([SECOND, FIRST].sort());
    expect(asked.every(({ authorized }) => authorized)).toBe(true);

    // the scenes' sounds are gone, as they would be after a change of mastering: the answers are not
    await stack.sql(`UPDATE rendering.artefact SET status = 'wanted' WHERE kind = 'sound'`);
    const other = await published(`${SECOND}\n\nNobody slept.\n\n${FIRST}`);
    expect(await filmed(other.chapterId)).toMatchObject({ state: 'ready' });
    expect((await provider.asked()).slice(2).map(({ input }) => input)).toEqual(['Nobody slept.']);
  }, 120_000);

  it('is asked for again when a stored answer was damaged', async () => {
    await provider.answers('speak');
    await stack.sql(`UPDATE rendering.artefact SET status = 'wanted' WHERE kind = 'sound'`);
    const [{ sha256 }] = await stack.sql<{ sha256: string }>(
      `SELECT sha256 FROM rendering.artefact WHERE kind = 'speech' AND fields->>'say' LIKE 'Nobody%'`,
    );
    const file = filesUnder(stack.home).find((one) => one.endsWith(sha256))!;
    writeFileSync(file, readFileSync(file).fill(0, 1_000, 2_000));
    const { chapterId } = await published(`Nobody slept.\n\n${FIRST}`);
    expect(await filmed(chapterId)).toMatchObject({ state: 'ready' });
    expect((await provider.asked()).map(({ input }) => input)).toEqual(['Nobody slept.']);
  }, 120_000);

  it('does not pay twice when its worker is killed between the answer and its entry in the register', async () => {
    await provider.answers('slow');
    const { chapterId } = await published('The harbour bell rang once, and then it rang again.');
    const { id } = await ask(chapterId, { voice: 'api:af_heart' });
    await until(async () => (await provider.asked()).length === 1, 30_000, 'the server is asked');
    const holder = new Client({ connectionString: stack.databaseUrl });
    await holder.connect();
    await holder.query(`BEGIN; SELECT FROM rendering.artefact WHERE kind = 'speech' AND status <> 'ready' FOR UPDATE`);
    const spool = join(stack.home, 'studio/speech');
    await until(() => existsSync(spool) && readdirSync(spool).length === 1, 20_000, 'the answer is on the disk');
    await stack.workers[0].kill('SIGKILL');
    await holder.end();
    await provider.answers('speak');
    await stack.startWorker();
    expect(await over(id)).toMatchObject({ state: 'ready' });
    expect(await provider.asked()).toEqual([]);
    expect(readdirSync(spool)).toEqual([]);
  }, 120_000);

  it('asks once for what two films want at the same time', async () => {
    await provider.answers('slow');
    const text = 'Two letters came that morning, and both of them were empty.';
    const chapters = [await published(text), await published(`${text}\n\n${FIRST}`)];
    const films = await Promise.all(chapters.map(({ chapterId }) => filmed(chapterId)));
    expect(films.map(({ state }) => state)).toEqual(['ready', 'ready']);
    expect(await provider.asked()).toHaveLength(1);
  }, 120_000);

  it.each([
    ['html', /a web page instead of WAV\. Check that VOICE_API_URL/],
    ['silence', /silence\. Ask for the film again, or for another voice/],
    ['key-refused', /status 401 .*Check VOICE_API_KEY/],
    ['voice-unknown', /Voice 'af_heart' not found.*Check the name of the voice/],
  ] as const)('fails at once with a sentence when the server answers with %s', async (answer, sentence) => {
    await provider.answers(answer);
    const { chapterId } = await published(`What nobody heard yet: ${answer}.`);
    const film = await filmed(chapterId);
    expect(film).toMatchObject({ state: 'failed', failure: expect.stringMatching(sentence) as string });
    expect((await provider.asked()).length).toBeLessThanOrEqual(3);
  });

  it('has a new picture at least every 20 s, also with a slow voice: the same words in more scenes', async () => {
    await provider.answers('drawl');
    const text =
      'The keeper of the third lamp had never spoken to anybody about the winter in which the harbour froze, and the ships stood ' +
      'still, and a stranger walked over the ice with a lantern in his hand to ask for the way home.';
    const chapters = [await published(text), await published(`${FIRST}\n\n${text}`)];
    const films = [await filmed(chapters[0].chapterId), await filmed(chapters[1].chapterId)];
    const [alone, second] = [await scenesOf(films[0]), await scenesOf(films[1])];
    expect(films.map(({ state }) => state)).toEqual(['ready', 'ready']);
    expect(alone.items.length).toBeGreaterThan(1);
    for (const { frames } of alone.items) expect(frames).toBeLessThanOrEqual(600);
    expect(alone.items.map((scene) => scene.text).join(' ')).toBe(text);
    expect(second.items.slice(-alone.items.length).map(({ soundKey }) => soundKey)).toEqual(
      alone.items.map(({ soundKey }) => soundKey),
    );
  }, 120_000);

  it('is made by a server that throttles, fails, stalls and closes connections before it speaks', async () => {
    await provider.answers('throttle', 'error-500', 'stall', 'cut-off', 'tenfold', 'stream');
    const { chapterId } = await published('All of this happened before the ice.');
    expect(await filmed(chapterId)).toMatchObject({ state: 'ready', degraded: false });
    expect((await provider.asked()).map(({ answer }) => answer).at(-1)).toBe('stream');
  }, 120_000);
});

describe('Another voice', () => {
  const TEXT = `The ferryman kept his lamp under his coat.\n\n${FIRST}`;

  it('speaks where the requested one fails, if a fallback was given: the film says so, and the next request tries again', async () => {
    const { chapterId } = await published(TEXT);
    const wish = { voice: 'api:af_heart', fallbackVoice: 'flite:slt' };
    await provider.answers('silence');
    const film = await filmed(chapterId, wish);
    expect(film).toMatchObject({ state: 'ready', degraded: true, fallbackVoice: 'flite:slt' });
    expect(film.warnings).toEqual([expect.stringMatching(/^Scenes were spoken by flite:slt instead\. .*"af_heart": silence\./)]);
    const { items } = await scenesOf(film);
    // one sentence was answered long ago, the other had to be spoken by someone else
    expect(items.map(({ fallbackVoice }) => fallbackVoice)).toEqual(['flite:slt', null]);
    const stored = await stack.sql<{ key: string; voice: string; status: string }>(
      `SELECT key, fields->>'voice' AS voice, status FROM rendering.artefact WHERE kind = 'sound' AND fields::text LIKE '%ferryman%' ORDER BY 2`,
    );
    // nothing is kept under the key of the wished voice
    expect(stored).toEqual([
      { key: expect.any(String) as string, voice: 'api:af_heart', status: 'wanted' },
      { key: items[0].soundKey, voice: 'flite:slt', status: 'ready' },
    ]);

    await provider.answers('speak');
    const again = await filmed(chapterId, wish);
    expect(again).toMatchObject({ state: 'ready', degraded: false, warnings: [] });
    expect(again.id).not.toBe(film.id);
    expect((await filmed(chapterId, wish)).id).toBe(again.id);
  }, 180_000);

  it('is a setting of the work, too, and must be one that can speak here', async () => {
    const { chapterId, workId } = await published('The ferryman sang to the fog.');
    const settings = (body: object) =>
      author.api.put<SettingsResponse>(`/v1/works/${workId}/rendering`, body, { 'if-match': '*' });
    const set = must(200, await settings({ voice: 'api:af_heart', fallbackVoice: 'flite:rms' }));
    expect(set).toMatchObject({ voice: 'api:af_heart', fallbackVoice: 'flite:rms' });
    await provider.answers('key-refused');
    expect(await filmed(chapterId, {})).toMatchObject({ state: 'ready', degraded: true, fallbackVoice: 'flite:rms' });
    const wrong = await author.api.post(`/v1/chapters/${chapterId}/renditions`, { fallbackVoice: 'flite:nobody' });
    expect([wrong.status, wrong.body.type]).toEqual([422, 'urn:inkreel:problem:unknown-voice']);
  }, 120_000);
});

describe('The key of the speech server', () => {
  it('is in no log, problem, job, row or file', async () => {
    await provider.answers('html');
    const { chapterId } = await published('The page that repeats what it should not know.');
    await filmed(chapterId);
    const places: [string, string][] = [['logs', stack.logs(100_000)]];
    for (const { name } of await stack.sql<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    ))
      for (const { row } of await stack.sql<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)) places.push([name, row]);
    const redis = new Redis(stack.redis.url);
    for (const key of await redis.keys('*')) places.push([key, await dumped(redis, key)]);
    redis.disconnect();
    for (const file of filesUnder(stack.home)) places.push([file, readFileSync(file, 'latin1')]);
    expect(places.length).toBeGreaterThan(200);
    expect(places.filter(([, text]) => text.includes('401')).length).toBeGreaterThan(0); // it looked where refusals are told
    expect(places.flatMap(([place, text]) => (text.includes(KEY.slice(0, 15)) ? [place] : []))).toEqual([]);
  });
});

describe('A voice that is not installed', () => {
  it('is refused when the film is requested, and no job is recorded', async () => {
    const { dist, drop } = await installationWithout(ESPEAK);
    try {
      const bare = await stack.startWeb({ INKREEL_DIST: dist });
      const { chapterId } = await published('灯塔看守人数着船只。', 'zh');
      const jobs = () => stack.sql<{ n: number }>(`SELECT count(*)::int AS n FROM events.event WHERE type = 'PlanRendition'`);
      const before = await jobs();
      Api.onFault = () => undefined;
      const api = author.api.at(bare.url);
      const byLanguage = await api.post(`/v1/chapters/${chapterId}/renditions`, {});
      expect([byLanguage.status, byLanguage.body.detail]).toEqual([
        503,
        `No voice here speaks "zh". Install it with: npm install ${ESPEAK}`,
      ]);
      const byName = await api.post(`/v1/chapters/${chapterId}/renditions`, { voice: 'espeak:cmn' });
      expect([byName.status, byName.body.detail]).toEqual([503, expect.stringContaining(`npm install ${ESPEAK}`)]);
      const voices = must(200, await api.get<{ items: { id: string }[] }>('/v1/voices'));
      expect(voices.items.map(({ id }) => id)).toEqual(['flite:rms', 'flite:slt', 'flite:awb']);
      expect(await jobs()).toEqual(before);
      expect((await author.api.get<{ items: unknown[] }>(`/v1/chapters/${chapterId}/renditions`)).body.items).toEqual([]);
    } finally {
      await drop();
    }
  }, 120_000);
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function dumped(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'hash':
      return JSON.stringify(await redis.hgetall(key));
    case 'list':
      return JSON.stringify(await redis.lrange(key, 0, -1));
    case 'zset':
      return JSON.stringify(await redis.zrange(key, 0, -1));
    case 'set':
      return JSON.stringify(await redis.smembers(key));
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'));
    default:
      return (await redis.get(key)) ?? '';
  }
}
