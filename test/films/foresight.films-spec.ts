/** The dry run of a change, compared with what the change then costs; and what each field of a script changes. */
import sharp from 'sharp';
import type {
  DryRunResponse,
  DryRunBody,
  RenditionResponse,
  ScenesResponse,
} from '../../src/rendering/infrastructure/renditions.contract.js';
import type { PictureResponse } from '../../src/rendering/infrastructure/script.contract.js';
import { must, type Person } from '../support/people.js';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';

const TEXT = [
  'The lamp in the third window had been lit before the harbour froze.',
  'Nobody in the whole town remembered by whom, or for which of the ships.',
  'Only Siobhan climbed the stairs each evening with a can of oil in her hand.',
  'One night there was a light at sea, and it answered, three times and no more.',
];
const any = { 'if-match': '*' };

let stack: Stack;
let author: Person;
let chapterId: string;
let workId: string;
let blocks: string[];

beforeAll(async () => {
  stack = await startStack({ webs: 1, workers: 1, env: { RENDER_CONCURRENCY: '2' } });
  author = await signUp(stack, { role: 'author', name: 'Mira' });
  const begun = await begunChapter(author, { markdown: TEXT.join('\n\n'), publish: true });
  ({ chapterId, workId } = begun);
  blocks = begun.blocks.map(({ id }) => id);
  const tools = (): Promise<object[]> => stack.sql(`SELECT FROM rendering.tools`);
  await until(async () => (await tools()).length > 0, 30_000, 'the worker has looked at its tools');
});

async function scenesOfFilm(wish: object = {}): Promise<ScenesResponse> {
  const asked = await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, wish);
  expect([200, 201]).toContain(asked.status);
  const film = await until(
    async () => {
      const { body } = await author.api.get<RenditionResponse>(`/v1/renditions/${asked.body.id}`);
      return ['ready', 'failed'].includes(body.state) && body;
    },
    90_000,
    'the film is ready',
  );
  expect(film).toMatchObject({ state: 'ready', failure: null, warnings: [] });
  return must(200, await author.api.get<ScenesResponse>(`/v1/renditions/${film.id}/scenes`));
}

const foreseen = async (supposed: Partial<DryRunBody> = {}): Promise<DryRunResponse> =>
  must(200, await author.api.post<DryRunResponse>(`/v1/chapters/${chapterId}/renditions/dry-run`, supposed));

const made = ({ items }: DryRunResponse | ScenesResponse): { sounds: number[]; pictures: number[] } => ({
  sounds: items.filter(({ sound }) => sound.kind !== 'reused').map(({ index }) => index),
  pictures: items.filter(({ picture }) => picture.kind !== 'reused').map(({ index }) => index),
});
const spent = ({ items }: ScenesResponse): number =>
  items.reduce((sum, { cpuSeconds: { sound, picture } }) => sum + sound! + picture!, 0);
const fields = ({ changes }: { changes: { field: string }[] }): string[] => changes.map(({ field }) => field);

/** Checks that the dry run names exactly what is then made, and predicts the CPU time within 40 %. */
async function comesTrue(
  supposed: Partial<DryRunBody>,
  change: () => Promise<unknown>,
  wish: object = {},
): Promise<ScenesResponse> {
  const films = await stack.sql<{ n: number }>(`SELECT count(*)::int AS n FROM rendering.rendition`);
  const told = await foreseen(supposed);
  expect(await stack.sql(`SELECT count(*)::int AS n FROM rendering.rendition`)).toEqual(films);
  await change();
  const film = await scenesOfFilm(wish);
  expect(made(told)).toEqual(made(film));
  const [estimate, cost] = [told.cpuSeconds.total, spent(film)];
  console.info(`${JSON.stringify(Object.keys(supposed))}: ${estimate.toFixed(2)} CPU seconds foreseen, ${cost.toFixed(2)} spent`);
  expect(estimate).toBeGreaterThan(cost * 0.6);
  expect(estimate).toBeLessThan(cost * 1.4);
  return film;
}

const ALL = [0, 1, 2, 3];

describe('A dry run', () => {
  it('of a first film names every scene, and of the same film again none', async () => {
    const told = await foreseen();
    expect(made(told)).toEqual({ sounds: ALL, pictures: ALL });
    expect(told).toMatchObject({ revision: 1, comparedWith: null });
    expect(told.cpuSeconds.total).toBeGreaterThan(0);
    const film = await scenesOfFilm();
    expect(made(film)).toEqual(made(told));
    const again = await foreseen();
    expect(made(again)).toEqual({ sounds: [], pictures: [] });
    expect(again.cpuSeconds.total).toBe(0);
    expect(again.items[0].sound.why).toBe('Taken over from the film before.');
  }, 120_000);

  it('of an edit names the edited scene', async () => {
    const markdown = TEXT.map((text) => text.replace('three times', 'nine times')).join('\n\n');
    must(200, await author.api.put(`/v1/chapters/${chapterId}/draft`, { markdown }, any));
    const film = await comesTrue({ revision: 2 }, () => author.api.post(`/v1/chapters/${chapterId}/publication`, {}, any));
    expect(made(film)).toEqual({ sounds: [3], pictures: [3] });
    expect(film.items[3].sound).toMatchObject({
      kind: 'changed',
      changes: [{ field: 'say' }],
      why: 'Made anew: other words are said.',
    });
  }, 120_000);

  it('of a lexicon entry names the scenes that hold it', async () => {
    const entries = [{ written: 'Siobhan', spoken: 'Shivawn' }];
    const film = await comesTrue({ lexicon: entries }, () => author.api.put(`/v1/works/${workId}/lexicon`, { entries }, any));
    expect(made(film)).toEqual({ sounds: [2], pictures: [2] });
  }, 120_000);

  it('of a theme names every picture and no sound', async () => {
    const film = await comesTrue({ theme: 'slate' }, async () => undefined, { theme: 'slate' });
    expect(made(film)).toEqual({ sounds: [], pictures: ALL });
    for (const { picture } of film.items) expect(fields(picture)).toEqual(expect.arrayContaining(['theme']));
  }, 120_000);

  it('of a cover names every picture and no sound', async () => {
    const png = await sharp({ create: { width: 300, height: 500, channels: 3, background: '#884422' } })
      .png()
      .toBuffer();
    const sent = { 'content-type': 'image/png' };
    const { sha256 } = must(201, await author.api.post<PictureResponse>(`/v1/works/${workId}/pictures`, png, sent));
    const film = await comesTrue({ picture: sha256 }, () =>
      author.api.put(`/v1/works/${workId}/cover`, png, { ...sent, ...any }),
    );
    expect(made(film)).toEqual({ sounds: [], pictures: ALL });
    // known now: back to the gradient and forth again costs nothing
    expect(made(await foreseen({ picture: null }))).toEqual({ sounds: [], pictures: [] });
    expect((await foreseen({ picture: null })).items[0].picture).toMatchObject({
      kind: 'reused',
      changes: [{ field: 'picture' }],
    });
  }, 120_000);

  it('is refused where a request would be, and for others than the author', async () => {
    const ask = (supposed: object, by = author) => by.api.post(`/v1/chapters/${chapterId}/renditions/dry-run`, supposed);
    expect((await ask({ theme: 'nothing' })).body.type).toBe('urn:inkreel:problem:unknown-theme');
    expect((await ask({ revision: 99 })).status).toBe(404);
    expect((await ask({ picture: 'f'.repeat(64) })).body.type).toBe('urn:inkreel:problem:picture-not-there');
    expect((await ask({ script: [{ block: workId, skip: true }] })).status).toBe(404);
    expect((await ask({ lexicon: [{ written: '-', spoken: 'dash' }] })).status).toBe(422);
    const stranger = await signUp(stack, { role: 'author' });
    expect((await ask({}, stranger)).status).toBe(403);
  });
});

describe('A script', () => {
  const set = async (at: number, entry: object): Promise<unknown> =>
    must(200, await author.api.put(`/v1/chapters/${chapterId}/script/${blocks[at]}`, entry, any));

  it('changes sound or pictures as each of its fields says', async () => {
    const jpeg = await sharp({ create: { width: 300, height: 500, channels: 3, background: '#225588' } })
      .jpeg()
      .toBuffer();
    const sent = { 'content-type': 'image/jpeg' };
    const { sha256 } = must(201, await author.api.post<PictureResponse>(`/v1/works/${workId}/pictures`, jpeg, sent));
    const entries = [
      { say: 'The lamp was lit before the frost.' },
      { show: 'Nobody remembered.' },
      { picture: sha256 },
      { voice: 'flite:slt' },
    ];
    const script = entries.map((entry, i) => ({ block: blocks[i], ...entry }));
    const film = await comesTrue({ script }, async () => {
      for (const [i, entry] of entries.entries()) await set(i, entry);
    });
    expect(made(film)).toEqual({ sounds: [0, 3], pictures: ALL });
    const [said, shown, drawn, voiced] = film.items;
    expect(fields(said.sound)).toEqual(['say', 'stops']);
    expect([said.text, fields(said.picture)]).toEqual([
      'The lamp was lit before the frost.',
      expect.not.arrayContaining(['text']),
    ]);
    expect(fields(shown.picture)).toEqual(['motion', 'text', 'times']);
    expect(fields(drawn.picture)).toEqual(['picture']);
    expect(fields(voiced.sound)).toEqual(['engine', 'voice']);
  }, 120_000);

  it('can ask for a new take and a longer pause without drawing a picture again', async () => {
    await set(1, { show: 'Nobody remembered.', take: 1 });
    await set(3, { voice: 'flite:slt', pause: 1 });
    const told = await foreseen();
    const film = await scenesOfFilm();
    expect(made(film)).toEqual({ sounds: [1, 3], pictures: [3] });
    // the take came out as it was, which nobody could know before
    expect(made(told)).toEqual({ sounds: [1, 3], pictures: [1, 3] });
    expect(fields(film.items[1].sound)).toEqual(['take']);
    expect(fields(film.items[3].sound)).toEqual(['pause']);
    expect(film.items[3].frames).toBeGreaterThanOrEqual(
      29 + (await foreseen({ script: [{ block: blocks[3], pause: null }] })).items[3].frames,
    );
  }, 120_000);

  it('leaves out what it skips, and nothing else is made for it', async () => {
    await set(0, { skip: true });
    const film = await scenesOfFilm();
    expect(film.items.map(({ blocks: [block] }) => block)).toEqual(blocks.slice(1));
    expect(made(film)).toEqual({ sounds: [], pictures: [] });
  }, 120_000);
});
