/**
 * `npm run render -- chapter.md out.mp4`: a chapter of text to a film, without a server, a database or a queue. It says of each scene whether
 * it was made or taken from the cache, and why.
 *
 *   --cache DIR    where scenes are kept for the next time (default: ~/.cache/inkreel)
 *   --chapter N    which chapter of the file (default: the first)
 *   --lang, --voice, --theme, --cover   as the API knows them; --cover is a path
 *   --json         one object a line instead of prose
 *
 * Beside the film: its captions (.vtt, .srt) and a poster (.jpg).
 */
import { readFile, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { renderingTools } from '#libs/config/config';
import { newId } from '#libs/kernel/id';
import { align, readManuscript } from './chapters/index.js';
import { type FolderFilm, FolderRendering, type Reason } from './rendering/index.js';

const OPTIONS = {
  cache: { type: 'string' },
  chapter: { type: 'string', default: '1' },
  lang: { type: 'string' },
  voice: { type: 'string' },
  theme: { type: 'string', default: 'ink' },
  cover: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** A mistake in the arguments, reported in one sentence. */
class Refused extends Error {}

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stopping.abort(new Refused('Stopped. What is made is kept.')));

const { env, stderr, stdout } = process;
/** The folder in which npm was called: npm starts scripts in the folder of the package. */
const here = (path: string): string => resolve(env.INIT_CWD ?? process.cwd(), path);

try {
  await main();
} catch (error) {
  clearBar();
  stderr.write(`\n✗ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values: asked, positionals } = read();
  const [from, to] = positionals.map(here);
  const { title, language, blocks: drafts } = await chapterIn(from, asked);
  const cache = here(asked.cache ?? join(homedir(), '.cache', 'inkreel'));
  const rendering = await FolderRendering.open(cache, renderingTools(env));
  try {
    // blocks keep the ids of the last run, so that each scene is compared with its earlier version
    const before = (await rendering.before(to)) as Parameters<typeof align>[0];
    const { blocks } = align(before, drafts, { newId, language });
    const wish = { name: to, language, blocks, voice: asked.voice, theme: asked.theme, cover: asked.cover && here(asked.cover) };
    say(`${title} · ${language} · ${blocks.length} blocks`);
    const made = await rendering.make(wish, bar(asked.json), stopping.signal);
    clearBar();
    await mkdir(dirname(to), { recursive: true });
    const { film } = made;
    const beside = to.slice(0, to.length - extname(to).length);
    for (const [sha256, file] of [
      [film.webvtt, `${beside}.vtt`],
      [film.srt, `${beside}.srt`],
      [film.poster, `${beside}.jpg`],
      [film.sha256, to],
    ])
      await rendering.copy(sha256, file);
    tell(made, to, asked.json);
  } finally {
    await rendering.close();
  }
}

function read() {
  try {
    const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
    if (positionals.length !== 2 || !positionals[1].endsWith('.mp4')) throw new Refused('two files are needed');
    if (!/^[1-9]\d{0,3}$/.test(values.chapter)) throw new Refused('--chapter is a number from 1');
    return { values, positionals };
  } catch (error) {
    const names = Object.keys(OPTIONS).map((name) => `--${name}`);
    const why = (error as Error).message.split('. ')[0];
    throw new Refused(`${why}: npm run render -- chapter.md out.mp4, and ${names.join(', ')} where you need them.`, {
      cause: error,
    });
  }
}

async function chapterIn(file: string, asked: { chapter: string; lang?: string }) {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Refused(`${file} cannot be read (${error.code}).`, { cause: error });
  });
  const { chapters, language } = readManuscript(text, /\.txt$/i.test(file) ? 'text' : 'markdown', asked.lang);
  const chapter = chapters.at(Number(asked.chapter) - 1);
  if (!chapter) throw new Refused(`${basename(file)} has ${chapters.length} chapters: --chapter is at most that.`);
  if (chapters.length > 1 && asked.chapter === '1')
    say(`${basename(file)} has ${chapters.length} chapters; this is the first. --chapter takes another.`);
  return { ...chapter, language: asked.lang ?? language };
}

function tell({ film, scenes, ...more }: FolderFilm, to: string, json: boolean): void {
  if (json) {
    for (const scene of scenes) stdout.write(`${JSON.stringify(scene)}\n`);
    stdout.write(`${JSON.stringify({ ...film, ...more })}\n`);
    return;
  }
  for (const [i, { text, sound, picture }] of scenes.entries()) {
    const short = [...text].slice(0, 40).join('');
    stdout.write(
      `${String(i + 1).padStart(4)}  ${`sound ${word(sound)}`.padEnd(15)}  ${`picture ${word(picture)}`.padEnd(17)}  ${short}\n`,
    );
    for (const [what, reason] of [
      ['sound', sound],
      ['picture', picture],
    ] as const)
      if (reason.kind === 'changed')
        for (const { field, was, now } of reason.changes) stdout.write(`      ${what}: ${field} ${brief(was)} → ${brief(now)}\n`);
  }
  const reused = scenes.filter(({ picture }) => picture.kind === 'reused').length;
  stdout.write(
    `\n${to}\n${film.seconds.toFixed(1)} s, ${film.frames} frames, ${reused} of ${scenes.length} scenes reused, sha256 ${film.sha256}\n`,
  );
}

function word({ kind }: Reason): string {
  return kind === 'reused' ? 'reused' : 'rendered';
}

function brief(value: unknown): string {
  if (value === undefined) return '–';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function say(text: string): void {
  stderr.write(`${text}\n`);
}

function bar(json: boolean): Parameters<FolderRendering['make']>[1] {
  if (json || !stderr.isTTY) return () => undefined;
  return (done, all) => {
    const share = all.frames ? Math.min(1, done.frames / all.frames) : 0;
    const filled = Math.round(share * 30);
    const cells = '█'.repeat(filled) + '░'.repeat(30 - filled);
    stderr.write(
      `\r${cells} ${String(Math.floor(share * 100)).padStart(3)} %  scene ${done.scenes} of ${all.scenes}, frame ${done.frames}\u001b[K`,
    );
  };
}

function clearBar(): void {
  if (stderr.isTTY) stderr.write('\r\u001b[K');
}
