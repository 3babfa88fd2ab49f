/**
 * Thirty long texts at once, against a built web process: others are served meanwhile, memory stays bounded, and every text is saved or
 * refused with 503. What others wait is measured from a process of its own, as this one is busy sending.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { begunChapter, signUp, type Stack, startStack } from '../support/stack.js';

const BLOCKS = 4_900;
const AUTHORS = 6;
/** A busy machine gives this process a core late; with the work on the event loop, requests waited for 8,000 ms. */
const WAITED_MS = 400;
const GROWTH_MB = 800;

let stack: Stack;
beforeAll(async () => (stack = await startStack({ workers: 0 })));

/** Paragraphs of which none resembles one of another version. */
const text = (version: number): string =>
  Array.from({ length: BLOCKS }, (_, i) =>
    Array.from({ length: 9 }, (_, k) => ((version * 7_919 + i * 104_729 + k * 1_299_709) % 1_000_003).toString(36)).join(' '),
  ).join('\n\n');

it('thirty saves of 4,900 rewritten paragraphs and hostile imports stall nobody', async () => {
  const authors = await Promise.all(Array.from({ length: AUTHORS }, () => signUp(stack, { role: 'author' })));
  const chapters = await Promise.all(authors.map((author) => begunChapter(author, { markdown: text(0) })));
  const web = stack.webs[0];
  const before = peakMegabytes(web.pid);
  const probe = startProbe(`${web.url}/livez`);
  await probe.ready;

  const saves = authors.flatMap((author, a) =>
    [1, 2, 3, 4, 5].map((version) =>
      author.api.put(`/v1/chapters/${chapters[a].chapterId}/draft`, { markdown: text(version) }, { 'if-match': '*' }),
    ),
  );
  const book = `*** START OF THE PROJECT GUTENBERG EBOOK\n\n${'produced by\n\n'.repeat(80_000)}`;
  const imports = authors
    .slice(0, 3)
    .map((author, a) => author.api.post(`/v1/works/${chapters[a].workId}/imports`, book, { 'content-type': 'text/plain' }));
  const answers = await Promise.all([...saves, ...imports]);
  const waits = await probe.end();

  for (const { status, body, headers } of answers) {
    expect([200, 412, 422, 503]).toContain(status);
    if (status === 503)
      expect([body.type, headers['retry-after']]).toEqual(['urn:inkreel:problem:server-busy', expect.any(String)]);
  }
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
  expect(waits.length).toBeGreaterThan(20);
  expect(waits[Math.floor(waits.length * 0.95)]).toBeLessThan(WAITED_MS);
  expect(peakMegabytes(web.pid) - before).toBeLessThan(GROWTH_MB);
});

/** Asks one after the other, 10 ms apart, and tells in the end how long each answer took, sorted. */
function startProbe(url: string): { ready: Promise<unknown>; end(): Promise<number[]> } {
  const source = `
    const times = [];
    process.stdin.on('end', () => { console.log(JSON.stringify(times.sort((a, b) => a - b))); process.exit(); }).resume();
    console.error('ready');
    for (;;) {
      const began = performance.now();
      await (await fetch(${JSON.stringify(url)})).text();
      times.push(performance.now() - began);
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
      return JSON.parse(said) as number[];
    },
  };
}

/** The most memory the process ever had, by the kernel. */
function peakMegabytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;
}
