/**
 * Makes every frame of a scene as raw yuv420p: the moving picture, a shade that keeps text readable on any of them, the caption of that
 * moment. Frames depend on nothing but the scene, so they may be drawn in any order and by any process.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FRAME_RATE, HEIGHT, WIDTH, type CaptionPage } from '../../domain/scene.js';
import { CAPTION_CENTRE, CaptionPainter, litWord, pageAt, type PaintedPage } from './captions.js';
import { Arena, type CompiledKernel, type Kernel } from './kernel.js';
import type { Backdrop, SceneJob } from './segment-job.js';

/** Raise it whenever the same scene would give other frames: it is part of every segment's key. */
export const COMPOSITOR_VERSION = 5;

export const FRAME_BYTES = (WIDTH * HEIGHT * 3) / 2;

/** The shade: strongest in the middle of the captions, gone at `reach` rows from it. */
const SHADE = { depth: 0.34, reach: 380 } as const;
const [BLACK, GREY] = [16, 128];

export type BackdropInMemory = Omit<Backdrop, 'path'> & { readonly bytes: Uint8Array };
export type DrawnScene = Omit<SceneJob, 'backdrop'> & { readonly backdrop: Backdrop | BackdropInMemory };

/** So many frames stay as they are while the next one is drawn: it may take longer, where a caption is painted. */
export const FRAMES_KEPT = 3;

export class Compositor {
  readonly frames: number;
  readonly #scene: DrawnScene;
  readonly #compiled: CompiledKernel;
  readonly #kernel: Kernel;
  readonly #painter: CaptionPainter;
  readonly #at: { picture: number; frames: readonly number[]; strip: number; rgba: number; scratch: number; keeps: number };
  #page: CaptionPage | undefined;
  #painted: PaintedPage | undefined;
  #lit: number | undefined;
  #turn = 0;

  constructor(compiled: CompiledKernel, scene: DrawnScene) {
    const { width, height } = scene.backdrop;
    const size = (width * height * 3) / 2;
    if (width % 2 || height % 2 || width < WIDTH || height < HEIGHT || width > compiled.maxWidth) {
      throw new Error(
        `The backdrop is ${width}x${height}; it must be even, at least ${WIDTH}x${HEIGHT} and at most ${compiled.maxWidth} wide.`,
      );
    }
    this.frames = scene.frames;
    this.#scene = scene;
    this.#compiled = compiled;
    this.#painter = new CaptionPainter(scene.theme, scene.language);
    const arena = new Arena();
    this.#at = {
      picture: arena.reserve(size),
      // Some can be written out while the next is drawn.
      frames: Array.from({ length: FRAMES_KEPT + 1 }, () => arena.reserve(FRAME_BYTES)),
      rgba: arena.reserve(WIDTH * HEIGHT * 4),
      strip: arena.reserve(WIDTH * HEIGHT * 3),
      scratch: arena.reserve(compiled.scratchBytes),
      keeps: arena.reserve(HEIGHT * 3),
    };
    this.#kernel = compiled.over(arena);
    this.#layPicture(size);
    this.#layShade();
  }

  /** When every frame has been used: the next scene is drawn in the same memory. */
  close(): void {
    this.#compiled.giveBack(this.#kernel);
  }

  /** Frame `n` as planes Y, U, V. The bytes stay as they are while `FRAMES_KEPT` more are drawn. */
  frame(n: number): Uint8Array {
    const at = this.#at.frames[this.#turn];
    this.#turn = (this.#turn + 1) % this.#at.frames.length;
    this.#movePicture(n, at);
    if (this.#scene.pages.length) this.#shade(at);
    this.#caption(n / FRAME_RATE, at);
    return this.#kernel.bytes.subarray(at, at + FRAME_BYTES);
  }

  #movePicture(n: number, at: number): void {
    const { width, height } = this.#scene.backdrop;
    const { from, to } = this.#scene.motion;
    const along = this.frames > 1 ? n / (this.frames - 1) : 0;
    const between = (a: number, b: number): number => a + (b - a) * along;
    // Source pixels for one pixel of the film: at zoom 1 all of the picture that has the film's shape.
    const step = Math.min(width / WIDTH, height / HEIGHT) / Math.max(1, between(from.zoom, to.zoom));
    const x = (width - WIDTH * step) * between(from.x, to.x);
    const y = (height - HEIGHT * step) * between(from.y, to.y);
    const { picture, scratch } = this.#at;
    const luma = width * height;
    const kernel = this.#kernel;
    let refused = kernel.zoom(picture, width, width, height, at, WIDTH, WIDTH, HEIGHT, x, y, step, scratch);
    for (const i of [0, 1]) {
      const src = picture + luma + (i * luma) / 4;
      const dst = at + WIDTH * HEIGHT + (i * WIDTH * HEIGHT) / 4;
      refused ||= kernel.zoom(
        src,
        width / 2,
        width / 2,
        height / 2,
        dst,
        WIDTH / 2,
        WIDTH / 2,
        HEIGHT / 2,
        x / 2,
        y / 2,
        step,
        scratch,
      );
    }
    if (refused) throw new Error(`The picture cannot be moved by ${JSON.stringify(this.#scene.motion)}.`);
  }

  #layPicture(size: number): void {
    const { backdrop } = this.#scene;
    const place = this.#kernel.bytes.subarray(this.#at.picture, this.#at.picture + size);
    const found = 'path' in backdrop ? readInto(place, backdrop.path) : backdrop.bytes.length;
    if (found !== size) {
      throw new Error(
        `The backdrop of ${backdrop.width}x${backdrop.height} should have ${size} bytes of yuv420p and has ${found}.`,
      );
    }
    if ('bytes' in backdrop) place.set(backdrop.bytes);
  }

  #layShade(): void {
    const keeps = new Uint16Array(this.#kernel.bytes.buffer, this.#at.keeps, (HEIGHT * 3) / 2);
    for (let y = 0; y < HEIGHT; y++) {
      const near = Math.max(0, 1 - Math.abs(y - CAPTION_CENTRE) / SHADE.reach);
      keeps[y] = Math.round(256 * (1 - SHADE.depth * near * near * (3 - 2 * near)));
    }
    for (let y = 0; y < HEIGHT / 2; y++) keeps[HEIGHT + y] = keeps[2 * y];
  }

  #shade(at: number): void {
    const kernel = this.#kernel;
    const top = (CAPTION_CENTRE - SHADE.reach) & ~1;
    const rows = Math.min(HEIGHT - top, 2 * SHADE.reach);
    const { keeps } = this.#at;
    kernel.shade(at + top * WIDTH, WIDTH, WIDTH, rows, keeps + 2 * top, BLACK);
    for (const i of [4, 5]) {
      const plane = at + (WIDTH * HEIGHT * i) / 4;
      kernel.shade(plane + (top / 2) * (WIDTH / 2), WIDTH / 2, WIDTH / 2, rows / 2, keeps + 2 * HEIGHT + top, GREY);
    }
  }

  #caption(time: number, at: number): void {
    const page = pageAt(this.#scene.pages, time);
    if (page !== this.#page) {
      this.#page = page;
      this.#painted = page && this.#painter.page(page);
      this.#lit = undefined;
    }
    if (!page || !this.#painted) return;
    const { x, y, width, height } = this.#painted;
    const { strip } = this.#at;
    const size = width * height;
    const [alpha, u, v, halfAlpha] = [strip + size, strip + 2 * size, strip + (9 * size) / 4, strip + (10 * size) / 4] as const;
    const lit = litWord(page, time);
    if (lit !== this.#lit) {
      this.#lit = lit;
      this.#kernel.bytes.set(this.#painted.draw(lit), this.#at.rgba);
      this.#kernel.planes(this.#at.rgba, width, height, strip, alpha, u, v, halfAlpha);
    }
    this.#kernel.blend(at + y * WIDTH + x, WIDTH, strip, alpha, width, height);
    const place = at + WIDTH * HEIGHT + (y / 2) * (WIDTH / 2) + x / 2;
    this.#kernel.blend(place, WIDTH / 2, u, halfAlpha, width / 2, height / 2);
    this.#kernel.blend(place + (WIDTH * HEIGHT) / 4, WIDTH / 2, v, halfAlpha, width / 2, height / 2);
  }
}

/** @returns how long the file is; all of it is read where that is the length of the place */
function readInto(place: Uint8Array, path: string): number {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    let at = 0;
    for (let got = 1; size === place.length && at < size && got; at += got) got = readSync(file, place, at, size - at, at);
    return size === place.length ? at : size;
  } finally {
    closeSync(file);
  }
}
