/**
 * Thirty long texts at once, against a built web process: others are served meanwhile, memory stays bounded, most texts are saved, and
 * the others are refused with 503. What others wait is measured from a process of its own, as this one is busy sending, and compared with
 * what they wait at a bare server on the same machine, which may be busy with other things.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { must, type Person } from '../support/people.js';
import { begunChapter, signUp, type Stack, startStack } from '../support/stack.js';

const BLOCKS = 4_900;
const [AUTHORS, CHAPTERS_EACH] = [6, 5];
/** Of an idle machine, where a bare server answers in 1 ms; with the work on the event loop, requests waited for 8,000 ms. */
const WAITED_MS = 50;
const GROWTH_MB = 800;

let stack: Stack;
beforeAll(async () => (stack = await startStack({ workers: 0 })));

/** Paragraphs of which none resembles one of another version. */
const text = (version: number): string =>
  Array.from({ length: BLOCKS }, (_, i) =>
    Array.from({ length: 9 }, (_, k) => ((version * 7_919 + i * 104_729 + k * 1_299_709) % 1_000_003).toString(36)).join(' '),
  ).join('\n\n');

it('thirty saves of 4,900 rewritten paragraphs and hostile imports stall nobody, and most are done', async () => {
  const authors = await Promise.all(Array.from({ length: AUTHORS }, () => signUp(stack, { role: 'author' })));
  const chapters: { author: Person; workId: string; chapterId: string }[] = [];
  for (let i = 0; i < CHAPTERS_EACH; i++)
    for (const author of authors) chapters.push({ author, ...(await begunChapter(author, { markdown: text(0) })) });
  const web = stack.webs[0];
  const before = peakMegabytes(web.pid);
  const bare = startBareServer();
  const probe = startProbe([`${web.url}/livez`, await bare.url]);
  await probe.ready;

  const save = ({ author, chapterId }: (typeof chapters)[0], version: number) => {
    const markdown = text(version);
    const blocks = markdown.split('\n\n').map((line) => ({ kind: 'paragraph', text: line }));
    return author.api.put(`/v1/chapters/${chapterId}/draft`, version % 2 ? { markdown } : { blocks }, { 'if-match': '*' });
  };
  const began = performance.now();
  must(200, await save(chapters[0], 50));
  const alone = performance.now() - began;

  const saves = chapters.map((chapter, i) => save(chapter, i));
  const book = `*** START OF THE PROJECT GUTENBERG EBOOK\n\n${'produced by\n\n'.repeat(80_000)}`;
  const imports = chapters
    .slice(0, 3)
    .map(({ author, workId }) => author.api.post(`/v1/works/${workId}/imports`, book, { 'content-type': 'text/plain' }));
  const answers = await Promise.all([...saves, ...imports]);
  const [waits, atBare] = (await probe.end()).map((sorted) => ({
    length: sorted.length,
    p95: sorted[Math.floor(sorted.length * 0.95)],
  }));
  bare.stop();

  for (const [i, { status, body, headers }] of answers.entries()) {
    expect(i < saves.length ? [200, 503] : [422, 503]).toContain(status);
    if (status === 503)
      expect([body.type, headers['retry-after']]).toEqual(['urn:inkreel:problem:server-busy', expect.any(String)]);
  }
  // what waits for 20 s is refused: on a busy machine fewer are done by then
  const done = answers.filter(({ status }) => status === 200).length;
  expect(done).toBeGreaterThanOrEqual(Math.min(saves.length / 2, Math.floor(12_000 / alone)));
  expect(waits.length).toBeGreaterThan(20);
  expect(waits.p95).toBeLessThan(WAITED_MS + 3 * atBare.p95);
  expect(peakMegabytes(web.pid) - before).toBeLessThan(GROWTH_MB);
});

/** A server in a process of its own that answers at once. */
function startBareServer(): { url: Promise<string>; stop(): void } {
  const source = `
    const server = require('node:http').createServer((_, response) => response.end('ok'));
    server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));
    process.stdin.on('end', () => process.exit()).resume();`;
  const child = spawn(process.execPath, ['-e', source], { stdio: ['pipe', 'pipe', 'inherit'] });
  return {
    url: once(child.stdout, 'data').then(([data]) => String(data).trim()),
    stop: () => child.stdin.end(),
  };
}

/** Asks one after the other, 10 ms apart, and tells in the end how long the answers of each URL took, sorted. */
function startProbe(urls: string[]): { ready: Promise<unknown>; end(): Promise<number[][]> } {
  const source = `
    const urls = ${JSON.stringify(urls)};
    const times = urls.map(() => []);
    process.stdin.on('end', () => { console.log(JSON.stringify(times.map((some) => some.sort((a, b) => a - b)))); process.exit(); }).resume();
    console.error('ready');
    for (let i = 0; ; i = (i + 1) % urls.length) {
      const began = performance.now();
      await (await fetch(urls[i])).text();
      times[i].push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  return {
    ready: once(child.stderr, 'data'),
    async end() {
      child.stdin.end();
      await once(child, 'close');
      return JSON.parse(said) as number[][];
    },
  };
}

/** The most memory the process ever had, by the kernel. */
function peakMegabytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;
}
