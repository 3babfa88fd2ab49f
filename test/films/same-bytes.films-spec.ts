/**
 * A film after many changes, each of which made only the affected scenes again, equals byte for byte the film that is made without a
 * cache: by one worker instead of two, with the scenes in any order. With embedded voices, as a speech server answers differently each time.
 *
 * `npm test` makes five changes; `npm run test:same-bytes` makes twenty.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { DraftResponse } from '../../src/chapters/infrastructure/chapters.contract.js';
import { THEMES } from '../../src/rendering/domain/themes.js';
import type { RenditionResponse, VoicesResponse } from '../../src/rendering/infrastructure/renditions.contract.js';
import type { ScriptResponse } from '../../src/rendering/infrastructure/script.contract.js';
import { generator } from '../support/random.js';
import { must, type Person } from '../support/people.js';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

const CHANGES = Number(process.env.SAME_BYTES_CHANGES ?? 5);
const SEED = Number(process.env.SAME_BYTES_SEED ?? 1);
const GOLDENS = join('test', 'fixtures', 'goldens.json');

/** All settings of a film. */
interface Wish {
  paragraphs: { text: string; script?: { say?: string; pause?: number } }[];
  /** Words and how they are said. */
  lexicon: Record<string, string>;
  cover: Buffer | undefined;
  voice: string;
  theme: string;
}

class Filming {
  private constructor(
    readonly stack: Stack,
    private readonly author: Person,
    private readonly workId: string,
    private readonly chapterId: string,
    private now: Wish,
  ) {}

  static async begin(stack: Stack, wish: Wish): Promise<Filming> {
    const author = await signUp(stack, { role: 'author' });
    const { workId, chapterId } = await begunChapter(author, { markdown: written(wish), publish: true });
    const filming = new Filming(stack, author, workId, chapterId, { ...wish, cover: undefined, lexicon: {} });
    await filming.become(wish);
    return filming;
  }

  async become(wish: Wish): Promise<void> {
    const path = `/v1/chapters/${this.chapterId}`;
    if (written(wish) !== written(this.now)) {
      must(200, await this.author.api.put(`${path}/draft`, { markdown: written(wish) }, { 'if-match': '*' }));
      must(200, await this.author.api.post(`${path}/publication`, {}, { 'if-match': '*' }));
    }
    await this.dress(wish.cover);
    if (JSON.stringify(wish.lexicon) !== JSON.stringify(this.now.lexicon)) {
      const entries = Object.entries(wish.lexicon).map(([word, spoken]) => ({ written: word, spoken }));
      must(200, await this.author.api.put(`/v1/works/${this.workId}/lexicon`, { entries }, { 'if-match': '*' }));
    }
    // a block keeps its entry through edits and moves, so each is set to what is wanted now
    const { blocks } = must(200, await this.author.api.get<DraftResponse>(`${path}/draft`));
    const { entries } = must(200, await this.author.api.get<ScriptResponse>(`${path}/script`));
    for (const [i, { id }] of blocks.entries()) {
      const { script } = wish.paragraphs[i];
      if (script) must(200, await this.author.api.put(`${path}/script/${id}`, script, { 'if-match': '*' }));
      else if (entries.some(({ block }) => block === id))
        expect((await this.author.api.delete(`${path}/script/${id}`, { 'if-match': '*' })).status).toBeLessThan(300);
    }
    this.now = wish;
  }

  private async dress(cover: Buffer | undefined): Promise<void> {
    if (!cover || cover === this.now.cover) return;
    const headers = { 'content-type': 'image/png', 'if-match': '*' };
    must(200, await this.author.api.put(`/v1/works/${this.workId}/cover`, cover, headers));
    this.now = { ...this.now, cover };
  }

  async film(): Promise<RenditionResponse> {
    const { voice, theme } = this.now;
    const path = `/v1/chapters/${this.chapterId}/renditions`;
    const { id } = (await this.author.api.post<RenditionResponse>(path, { voice, theme })).body;
    const film = await until(
      async () => {
        const { body } = await this.author.api.get<RenditionResponse>(`/v1/renditions/${id}`);
        return ['ready', 'failed'].includes(body.state) && body;
      },
      90_000,
      'the film',
    );
    expect(film).toMatchObject({ state: 'ready', failure: null, warnings: [] });
    return film;
  }
}

const written = ({ paragraphs }: Wish): string => paragraphs.map(({ text }) => text).join('\n\n');

const SENTENCES = [
  'The lamp was out.',
  'Nobody came.',
  'Ships passed in the fog.',
  'She counted to nine.',
  'A door closed, softly.',
];

let warm: Stack;
let cold: Stack;
beforeAll(async () => {
  [warm, cold] = await Promise.all([
    startStack({ webs: 1, workers: 2, env: { RENDER_CONCURRENCY: '1' } }),
    startStack({ webs: 1, workers: 1, env: { RENDER_CONCURRENCY: '1' } }),
  ]);
  await cold.sql(`CREATE FUNCTION public.shuffle() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF NEW.fairness_key IS NOT NULL THEN NEW.priority := 1 + floor(random() * 1000); END IF; RETURN NEW; END $$`);
  await cold.sql(`CREATE TRIGGER shuffle BEFORE INSERT ON events.delivery FOR EACH ROW EXECUTE FUNCTION public.shuffle()`);
});

it(`a film after ${CHANGES} changes has the bytes of one made without a cache`, async () => {
  const random = generator(SEED);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
  const { items } = must(200, await warm.api.get<VoicesResponse>('/v1/voices'));
  const voices = items.filter(({ id, languages }) => languages.includes('en') && id.startsWith('flite:')).map(({ id }) => id);
  let count = 0;
  const sentence = () => ({ text: `${pick(SENTENCES)} That was ${++count}.` });
  const picture = (): Promise<Buffer> =>
    sharp({ create: { width: 120, height: 200, channels: 3, background: { r: count * 9, g: 80, b: 200 - count } } })
      .png()
      .toBuffer();
  const any = (list: readonly unknown[]): number => Math.floor(random() * list.length);
  const changes: ((wish: Wish) => Promise<Partial<Wish>> | Partial<Wish>)[] = [
    ({ paragraphs }) => ({ paragraphs: paragraphs.with(any(paragraphs), sentence()) }),
    async () => ({ cover: (++count, await picture()) }),
    ({ voice }) => ({ voice: pick(voices.filter((one) => one !== voice)) }),
    ({ lexicon }) => ({ lexicon: { ...lexicon, [pick(['lamp', 'ships', 'door', 'that'])]: `word ${++count}` } }),
    ({ paragraphs }) => {
      const at = any(paragraphs);
      const script = pick([{ pause: 0.5 }, { say: `It is said otherwise, ${++count}.` }, undefined]);
      return { paragraphs: paragraphs.with(at, { text: paragraphs[at].text, script }) };
    },
    ({ paragraphs }) => ({ paragraphs: paragraphs.toSpliced(any(paragraphs), 0, sentence()) }),
    ({ paragraphs }) => ({ paragraphs: paragraphs.length > 2 ? paragraphs.toSpliced(1, 1) : [...paragraphs, sentence()] }),
    ({ paragraphs }) => ({ paragraphs: [...paragraphs.slice(1), paragraphs[0]] }),
    ({ theme }) => ({
      theme: pick(
        Object.keys(THEMES)
          .filter((one) => one !== theme)
          .concat(theme),
      ),
    }),
  ];

  let wish: Wish = {
    paragraphs: [sentence(), sentence()],
    lexicon: {},
    cover: undefined,
    voice: voices[0],
    theme: 'ink',
  };
  const filming = await Filming.begin(warm, wish);
  let film = await filming.film();
  for (let change = 0; change < CHANGES; change++) {
    // the first ones in turn, so that the short form has one of each kind
    wish = { ...wish, ...(await (change < 5 ? changes[change] : pick(changes))(wish)) };
    await filming.become(wish);
    film = await filming.film();
  }
  const { rows, idle } = { rows: await attempts(warm), idle: await attempts(cold) };
  expect(new Set(rows.map(({ worker }) => worker)).size).toBe(2);
  expect(idle).toEqual([]);

  const again = await (await Filming.begin(cold, wish)).film();
  expect(again.film!.sha256).toBe(film.film!.sha256);
  expect(again.film!.frames).toBe(film.film!.frames);
  const drawn = (await attempts(cold)).filter(({ kind }) => kind === 'segment');
  expect(new Set(drawn.map(({ worker }) => worker)).size).toBe(1);
}, 1_200_000);

describe('Goldens', () => {
  it('have not changed for these tools: of a sound, a picture and a film', async () => {
    const wish = {
      paragraphs: [{ text: 'One evening the lamp was out.' }],
      lexicon: {},
      cover: undefined,
      voice: 'flite:rms',
      theme: 'ink',
    };
    const film = await (await Filming.begin(cold, wish)).film();
    const [made] = await cold.sql<{ studio: string; sound: string; segment: string }>(
      `SELECT r.studio, s.sha256 AS sound, v.sha256 AS segment FROM rendering.rendition r JOIN rendering.part p ON p.rendition = r.id
         JOIN rendering.artefact s ON s.key = p.sound_key JOIN rendering.artefact v ON v.key = p.segment_key WHERE r.id = $1`,
      [film.id],
    );
    const { studio, ...now } = { ...made, film: film.film!.sha256 };
    const goldens = existsSync(GOLDENS) ? (JSON.parse(readFileSync(GOLDENS, 'utf8')) as Record<string, typeof now>) : {};
    if (mayUpdate(process.env)) writeFileSync(GOLDENS, `${JSON.stringify({ ...goldens, [studio]: now }, null, 2)}\n`);
    else if (goldens[studio]) expect(now).toEqual(goldens[studio]);
    else console.warn(`SKIPPED: ${GOLDENS} knows no studio ${studio}; UPDATE_GOLDENS=1 adds it, from a machine that is trusted.`);
  }, 60_000);

  it('are not updated in CI', () => {
    expect(mayUpdate({ UPDATE_GOLDENS: '1' })).toBe(true);
    expect(mayUpdate({})).toBe(false);
    expect(() => mayUpdate({ UPDATE_GOLDENS: '1', CI: 'true' })).toThrow('Goldens are not updated in CI');
  });
});

function mayUpdate({ UPDATE_GOLDENS, CI }: NodeJS.ProcessEnv): boolean {
  if (UPDATE_GOLDENS && CI) throw new Error('Goldens are not updated in CI: do it on a machine of your own, look, and commit.');
  return Boolean(UPDATE_GOLDENS);
}

/** Which worker made what, in the order of the starts. */
const attempts = (stack: Stack): Promise<{ worker: string; kind: string }[]> =>
  stack.sql(`SELECT t.worker, a.kind FROM rendering.attempt t JOIN rendering.artefact a ON a.key = t.key ORDER BY t.began_at`);
