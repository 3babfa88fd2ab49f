/** `npm run render`: a film without a server. */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '../support/database.js';

const PARAGRAPHS = ['The post office had one lamp.', 'Mara lit it every evening.', 'Nobody had written for a year.'];

interface Told {
  scenes: { text: string; sound: { kind: string; changes?: { field: string }[] }; picture: { kind: string } }[];
  sha256: string;
}

let folder: Awaited<ReturnType<typeof tempFolder>>;
beforeAll(async () => (folder = await tempFolder()));
afterAll(() => folder.drop());

const at = (name: string): string => join(folder.path, name);

function started(file: string, out: string, cache: string, ...more: string[]) {
  const program = join(process.env.INKREEL_DIST ?? 'dist', 'src/render.js');
  const child = spawn(process.execPath, [program, at(file), at(out), '--cache', at(cache), '--json', ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let [said, complained] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  child.stderr.on('data', (data: Buffer) => (complained += data.toString()));
  const ended = new Promise<{ code: number | null; said: string; complained: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, said, complained })),
  );
  return { child, ended };
}

async function rendered(file: string, out: string, cache: string): Promise<Told> {
  const { code, said, complained } = await started(file, out, cache).ended;
  if (code !== 0) throw new Error(complained);
  const lines = said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  const { sha256 } = lines.pop() as Told;
  return { scenes: lines as Told['scenes'], sha256 };
}

const write = (name: string, paragraphs: string[]): void =>
  writeFileSync(at(name), `# The Night Post\n\n${paragraphs.join('\n\n')}\n`);
const kinds = ({ scenes }: Told): string[] => scenes.map(({ sound, picture }) => `${sound.kind} ${picture.kind}`);

it('makes a film and its captions, makes only what changed the next time, and says why', async () => {
  write('chapter.md', PARAGRAPHS);
  const first = await rendered('chapter.md', 'film.mp4', 'cache');
  expect(kinds(first)).toEqual(Array(3).fill('new new'));
  expect(readFileSync(at('film.mp4')).subarray(4, 8).toString()).toBe('ftyp');
  expect(readFileSync(at('film.srt'), 'utf8')).toContain('Mara lit it');
  expect(['film.vtt', 'film.jpg'].every((name) => existsSync(at(name)))).toBe(true);

  const again = await rendered('chapter.md', 'film.mp4', 'cache');
  expect([kinds(again), again.sha256]).toEqual([Array(3).fill('reused reused'), first.sha256]);

  write('chapter.md', [PARAGRAPHS[0], 'Mara lit it every single evening.', PARAGRAPHS[2]]);
  const edited = await rendered('chapter.md', 'film.mp4', 'cache');
  expect(kinds(edited)).toEqual(['reused reused', 'changed changed', 'reused reused']);
  expect(edited.scenes[1].sound.changes?.map(({ field }) => field)).toContain('say');
  expect((await rendered('chapter.md', 'cold.mp4', 'another-cache')).sha256).toBe(edited.sha256);
});

it('reuses what it had made when it is killed and run again', async () => {
  write('long.md', [...PARAGRAPHS, 'Still, she swept the floor.', 'One night, somebody knocked three times.']);
  const { child, ended } = started('long.md', 'long.mp4', 'third-cache');
  const list = at('third-cache/artefacts.jsonl');
  const made = (): string[] => (existsSync(list) ? readFileSync(list, 'utf8').split('\n').slice(0, -1) : []);
  while (made().filter((line) => line.includes('"segment"')).length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
  process.kill(-child.pid!, 'SIGKILL');
  await ended;
  appendFileSync(list, '{"key":"torn'); // as a kill in the middle of a line leaves it
  const kept = made().filter((line) => line.includes('"segment"')).length;
  const resumed = await rendered('long.md', 'long.mp4', 'third-cache');
  expect(resumed.scenes.filter(({ picture }) => picture.kind === 'reused')).toHaveLength(kept);
  expect((await rendered('long.md', 'long.mp4', 'fourth-cache')).sha256).toBe(resumed.sha256);
});

it('says in one sentence what is wrong with its arguments', async () => {
  write('empty.md', ['***']);
  for (const [file, more, sentence] of [
    ['nowhere.md', [], 'cannot be read'],
    ['empty.md', [], 'no word to narrate'],
    ['chapter.md', ['--voice', 'nobody'], 'There is no voice "nobody"'],
    ['chapter.md', ['--theme', 'mud'], 'There is no such theme'],
    ['chapter.md', ['--chapter', '7'], '--chapter is at most that'],
    ['chapter.md', ['--sped'], '--sped'],
  ] as const) {
    const { code, complained } = await started(file, 'none.mp4', 'cache', ...more).ended;
    expect([sentence, code, complained]).toEqual([sentence, 1, expect.stringContaining(sentence)]);
  }
  expect(existsSync(at('none.mp4'))).toBe(false);
});
