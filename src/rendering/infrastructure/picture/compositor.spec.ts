import { compiledKernel, pagesOf, plainBackdrop, sceneOf, SLOW_ZOOM } from '../../../../test/support/picture.js';
import { HEIGHT, WIDTH } from '../../domain/scene.js';
import { INK } from '../../domain/themes.js';
import { gradientBackdrop } from './backdrop.js';
import { CAPTION_CENTRE } from './captions.js';
import { Compositor, FRAMES_KEPT } from './compositor.js';

jest.setTimeout(60_000); // frames at full size, beside whatever else the machine does

const kernel = compiledKernel();
const { min, max } = Math;

/** Rows of luma in which two frames differ. */
function changedRows(a: Uint8Array, b: Uint8Array): { first: number; last: number; pixels: number } {
  const found = { first: Infinity, last: -Infinity, pixels: 0 };
  for (let i = 0; i < WIDTH * HEIGHT; i++) {
    if (a[i] === b[i]) continue;
    const row = (i / WIDTH) | 0;
    found.first = min(found.first, row);
    found.last = max(found.last, row);
    found.pixels++;
  }
  return found;
}

const still = { from: SLOW_ZOOM.from, to: SLOW_ZOOM.from };

describe('the frames of a scene', () => {
  it('move: each differs from the one before, with a picture and with the gradient', () => {
    for (const backdrop of [plainBackdrop(), gradientBackdrop(kernel, INK.gradient)]) {
      // Twenty seconds are the longest scene, so the slowest move.
      const compositor = new Compositor(kernel, sceneOf({ backdrop, frames: 600, pages: [] }));
      let before = compositor.frame(300).slice();
      for (let n = 301; n < 306; n++) {
        const frame = compositor.frame(n).slice();
        expect(changedRows(before, frame).pixels).toBeGreaterThan((WIDTH * HEIGHT) / 50);
        before = frame;
      }
    }
  });

  it('light another word, and change nothing else, when only the word changes', () => {
    const pages = pagesOf(['Down', 'the', 'rabbit', 'hole.'], 0.2);
    const compositor = new Compositor(kernel, sceneOf({ motion: still, pages }));
    const [down, alsoDown, the] = [1, 5, 6].map((n) => compositor.frame(n).slice());
    expect(changedRows(down, alsoDown).pixels).toBe(0);
    const { first, last, pixels } = changedRows(down, the);
    expect(pixels).toBeGreaterThan(2000);
    expect(first).toBeGreaterThan(CAPTION_CENTRE - 120);
    expect(last).toBeLessThan(CAPTION_CENTRE + 120);
  });

  it('show a page from its first moment until its last, and nothing between pages', () => {
    const [first, second] = pagesOf(['Down', 'hole.'], 0.2, 1);
    const pages = [first, { ...second, start: 0.4, end: 0.6 }];
    const compositor = new Compositor(kernel, sceneOf({ motion: still, pages }));
    const empty = compositor.frame(25).slice();
    const inked = [0, 5, 6, 11, 12, 17, 18].map((n) => changedRows(compositor.frame(n), empty).pixels > 0);
    expect(inked).toEqual([true, true, false, false, true, true, false]);
  });

  it('depend on nothing that was drawn before', () => {
    const scene = sceneOf();
    const once = new Compositor(kernel, scene);
    const forward = Array.from({ length: 12 }, (_, n) => Buffer.from(once.frame(n)));
    const again = new Compositor(kernel, scene);
    for (const n of [11, 0, 6, 7, 3, 3, 10]) expect(Buffer.from(again.frame(n)).equals(forward[n])).toBe(true);
  });

  it('are the same in memory that another scene used', () => {
    const mine = compiledKernel();
    const scene = sceneOf();
    const first = new Compositor(mine, scene);
    const frames = [0, 7, 20].map((n) => Buffer.from(first.frame(n)));
    first.close();
    const other = new Compositor(
      mine,
      sceneOf({ pages: pagesOf(['A', 'very', 'much', 'longer', 'page', 'of', 'words'], 0.1, 7) }),
    );
    expect(other.frame(12).buffer).toBe(first.frame(0).buffer);
    for (let n = 0; n < 8; n++) other.frame(n);
    other.close();
    const again = new Compositor(mine, scene);
    [0, 7, 20].forEach((n, i) => expect(frames[i].equals(again.frame(n))).toBe(true));
  });

  it('stay unharmed while as many as promised are drawn after them', () => {
    const compositor = new Compositor(kernel, sceneOf());
    const frame = compositor.frame(3);
    const copy = Buffer.from(frame);
    for (let n = 4; n < 4 + FRAMES_KEPT; n++) compositor.frame(n);
    expect(copy.equals(frame)).toBe(true);
  });

  it('are darker behind the text than the picture is, so that white letters stand out', () => {
    const white = plainBackdrop();
    white.bytes.fill(235, 0, white.width * white.height);
    const frame = new Compositor(kernel, sceneOf({ backdrop: white })).frame(0);
    expect(frame[(CAPTION_CENTRE - 100) * WIDTH + 4]).toBeLessThan(175);
    expect(frame[300 * WIDTH + 4]).toBe(235);
  });

  it('need a backdrop of the size that was promised', () => {
    const { bytes, width, height } = plainBackdrop();
    const short = { bytes: bytes.subarray(1), width, height };
    expect(() => new Compositor(kernel, sceneOf({ backdrop: short }))).toThrow('should have');
    const small = { bytes: bytes.subarray(0, (1000 * 1920 * 3) / 2), width: 1000, height: 1920 };
    expect(() => new Compositor(kernel, sceneOf({ backdrop: small }))).toThrow('at least');
  });
});
