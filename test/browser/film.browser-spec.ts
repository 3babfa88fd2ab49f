/** A film in a browser: in a page of another origin, and alone in a tab. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import type { RenditionResponse } from '../../src/rendering/infrastructure/renditions.contract.js';
import { begunChapter, signUp, type Stack, startStack, until } from '../support/stack.js';
import { describeInChromium, type Visit, visit } from './chromium.js';

const TEXT = 'The post office had one lamp.\n\nMara lit it every evening.';
/** Making the film takes long while other tests run. */
const PATIENCE = 400_000;

/** Reads the state of the page's video; runs in the browser. */
const STATE = `(() => {
  const { duration, currentTime, readyState, videoWidth, videoHeight, paused, error } = document.querySelector('video');
  return { duration, currentTime, readyState, videoWidth, videoHeight, paused, error: error && error.message };
})()`;
interface VideoState {
  duration: number;
  currentTime: number;
  readyState: number;
  videoWidth: number;
  videoHeight: number;
  paused: boolean;
  error: string | null;
}
/** Seeks, and answers the time of the frame that was then put on the screen. */
const seekTo = (share: number): string => `new Promise((shown, fail) => {
  const video = document.querySelector('video');
  const target = video.duration * ${share};
  let latest = -1; // a frame may be put on the screen shortly before the seek is called done, or after
  const look = (_now, { mediaTime }) => {
    latest = mediaTime;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  video.pause();
  video.currentTime = target;
  setInterval(() => video.seeking || Math.abs(latest - target) > 0.1 || shown(latest), 50);
  setTimeout(() => fail(new Error('the last frame within 20 s is of ' + latest + ' s, readyState ' + video.readyState)), 20_000);
})`;

describeInChromium('The film in Chromium', () => {
  let stack: Stack;
  let film: { url: string; seconds: number; bytes: number };
  let player: Server;
  let browser: Visit;
  let answers: { status: number; from: number }[];

  beforeAll(async () => {
    stack = await startStack({ workers: 1 });
    const mira = await signUp(stack, { role: 'author' });
    const { chapterId } = await begunChapter(mira, { markdown: TEXT, publish: true });
    const { body } = await mira.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, {});
    const ready = await until(
      async () => {
        const { body: now } = await mira.api.get<RenditionResponse>(`/v1/renditions/${body.id}`);
        return ['ready', 'failed'].includes(now.state) && now;
      },
      PATIENCE - 30_000,
      'the film is ready',
    );
    if (!ready.film) throw new Error(`No film: ${ready.failure}`);
    film = { url: stack.webs[0].url + ready.film.files.film, seconds: ready.film.seconds, bytes: ready.film.bytes };
    player = createServer((_request, response) =>
      response
        .setHeader('content-type', 'text/html')
        .end(
          `<!doctype html><title>A reader's page</title><link rel="icon" href="data:,"><video muted controls src="${film.url}" height="800"></video>`,
        ),
    );
    await new Promise<void>((done) => player.listen(0, '127.0.0.1', done));
  }, PATIENCE);
  afterAll(() => player?.close());
  beforeEach(async () => {
    browser = await visit();
    answers = [];
    browser.page.on('response', (response) => {
      if (response.url() !== film.url) return;
      const range = /^bytes (\d+)-/.exec(response.headers()['content-range'] ?? '');
      answers.push({ status: response.status(), from: Number(range?.[1] ?? -1) });
    });
  });
  afterEach(() => browser?.end());

  const state = (): Promise<VideoState> => browser.page.evaluate<VideoState>(STATE);

  async function playsAndSeeks(): Promise<void> {
    const { page } = browser;
    await page.evaluate(`document.querySelector('video').play()`);
    const playing = await until(
      async () => {
        const now = await state();
        return now.error !== null || now.currentTime > 0.5 ? now : undefined;
      },
      30_000,
      'half a second has been played',
    );
    expect(playing).toMatchObject({ error: null, videoWidth: 1080, videoHeight: 1920, paused: false });
    expect(Math.abs(playing.duration - film.seconds)).toBeLessThan(0.1);

    const frame = await page.evaluate<number>(seekTo(0.8));
    expect(Math.abs(frame - film.seconds * 0.8)).toBeLessThan(0.1);
    expect((await state()).readyState).toBeGreaterThanOrEqual(2);
    // what is on the screen is a picture with words in it, not a black or empty rectangle
    const { channels } = await sharp(await page.locator('video').screenshot())
      .greyscale()
      .stats();
    expect(channels[0].stdev).toBeGreaterThan(5);
  }

  it('plays in a page of another origin and shows the frame that is sought, over Range', async () => {
    await browser.page.goto(`http://127.0.0.1:${(player.address() as AddressInfo).port}/`);
    await browser.page.waitForFunction(`document.querySelector('video').readyState >= 1`);
    await playsAndSeeks();
    expect(answers.length).toBeGreaterThan(0);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 206));
    expect(browser.complaints).toEqual([]);
  });

  it('plays and seeks alone in a tab, by its address', async () => {
    await browser.page.goto(film.url);
    await browser.page.locator('video').waitFor();
    await playsAndSeeks();
    expect(browser.complaints).toEqual([]);
  });
});
