/**
 * Draws what is read: a few large lines, white on a heavy outline and a soft shadow, the spoken word in another colour.
 *
 * A page is laid out and outlined once; for every word only the fills are drawn again. The text stands in the part of the screen that
 * the apps people watch shorts in leave free: their buttons take the right edge, their captions the lowest quarter.
 */
import { createCanvas, type Canvas, type SKRSContext2D } from '@napi-rs/canvas';
import { HEIGHT, WIDTH, type CaptionPage, type Theme } from '../../domain/scene.js';
import { breakLines, type Line } from './caption-layout.js';
import { isEastAsian, runsOf, useFace, type Run } from './fonts.js';

/** Rows and columns that phone apps cover with their own controls. */
export const SAFE = { top: 200, bottom: HEIGHT - 470, left: 104, right: WIDTH - 104 } as const;
/** The middle of the captions. */
export const CAPTION_CENTRE = 1230;

const SIZE = 84;
const EAST_ASIAN_SIZE = 90;
const LINE_HEIGHT = 1.25;
/** From the middle of a letter to its foot, for capitals and for Chinese characters alike. */
const FOOT = 0.36;
const OUTLINE = 0.2;
const SHADOW = 0.22;
/**
 * How large, in how many lines, tried in turn until the page fits: two lines a little smaller read better than three ragged ones; words
 * are broken only when nothing else helps, and the smallest size takes as many lines as it needs.
 */
const FITS: readonly { readonly scales: readonly number[]; readonly lines: number; readonly broken: boolean }[] = [
  { scales: [1, 0.95, 0.9], lines: 2, broken: false },
  { scales: [1, 0.93, 0.86, 0.8], lines: 3, broken: false },
  { scales: [0.8, 0.7, 0.6, 0.5, 0.4, 0.3], lines: 5, broken: true },
  { scales: [0.2], lines: Infinity, broken: true },
];

/** A part of the screen: premultiplied RGBA, `width × height`, its corner at (x, y). All four are even, the width a multiple of 32. */
export interface Strip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Unit {
  /** Index of the page's word. */
  readonly word: number;
  readonly text: string;
  readonly runs: readonly Run[];
  readonly width: number;
}

/** Which word is spoken at a time: the last that has begun, −1 before the first. */
export function litWord(page: CaptionPage, time: number): number {
  return page.words.findLastIndex(({ start }) => start <= time);
}

export function pageAt(pages: readonly CaptionPage[], time: number): CaptionPage | undefined {
  return pages.find(({ start, end }) => start <= time && time < end);
}

export class CaptionPainter {
  readonly #pen: SKRSContext2D = createCanvas(8, 8).getContext('2d');

  constructor(
    private readonly theme: Theme,
    private readonly language: string,
  ) {}

  /** Nothing, when none of its words can be drawn. */
  page(page: CaptionPage): PaintedPage | undefined {
    const nominal = page.words.some(({ text }) => isEastAsian(text)) ? EAST_ASIAN_SIZE : SIZE;
    const words = page.words.map(({ text }) => text);
    for (const { scales, lines: most, broken } of FITS) {
      for (const scale of scales) {
        const size = Math.round(nominal * scale);
        const units = words.flatMap((text, word) =>
          (broken ? this.#pieces(text, size) : [text]).map((part) => this.#unit(part, word, size)),
        );
        const drawn = units.filter(({ runs }) => runs.length);
        if (!drawn.length) return undefined;
        const lines = breakLines(drawn, SAFE.right - SAFE.left, Math.min(most, drawn.length), size * 0.27);
        if (lines) return new PaintedPage(lines, drawn, size, this.theme);
      }
    }
    return undefined;
  }

  #unit(text: string, word: number, size: number): Unit {
    const runs = runsOf(text, this.language);
    return { word, text, runs, width: runs.reduce((sum, run) => sum + measure(this.#pen, run, size), 0) };
  }

  /** A word too long for a line, in parts that fit one. */
  #pieces(text: string, size: number): string[] {
    const room = SAFE.right - SAFE.left;
    const parts: string[] = [];
    let part = '';
    for (const { segment } of new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(text)) {
      if (part && this.#unit(part + segment, 0, size).width > room) {
        parts.push(part);
        part = '';
      }
      part += segment;
    }
    return [...parts, part];
  }
}

function measure(pen: SKRSContext2D, run: Run, size: number): number {
  pen.font = `${size}px ${useFace(run.face)}`;
  return pen.measureText(run.text).width;
}

export class PaintedPage implements Strip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly #under: Canvas;
  readonly #canvas: Canvas;

  constructor(
    private readonly lines: readonly Line[],
    private readonly units: readonly Unit[],
    private readonly size: number,
    private readonly theme: Theme,
  ) {
    const margin = Math.ceil(size * (OUTLINE / 2 + SHADOW * 1.6));
    const widest = Math.max(...lines.map(({ width }) => width));
    const tall = lines.length * size * LINE_HEIGHT + 2 * margin;
    const wide = widest + 2 * margin;
    this.width = Math.min(Math.floor(WIDTH / 32) * 32, Math.ceil(wide / 32) * 32);
    this.height = Math.min(HEIGHT, Math.ceil(tall / 2) * 2);
    this.x = Math.min(WIDTH - this.width, Math.max(0, Math.round((WIDTH - this.width) / 4) * 2));
    this.y = Math.min(HEIGHT - this.height, Math.max(0, Math.round((CAPTION_CENTRE - this.height / 2) / 2) * 2));
    this.#canvas = createCanvas(this.width, this.height);
    this.#under = createCanvas(this.width, this.height);
    this.#outline(this.#canvas.getContext('2d'));
    this.#shadow(this.#under.getContext('2d'));
  }

  /** Premultiplied RGBA with the given word lit (−1: none). The bytes are good until the next call. */
  draw(lit: number): Uint8Array {
    const pen = this.#canvas.getContext('2d');
    pen.clearRect(0, 0, this.width, this.height);
    pen.drawImage(this.#under, 0, 0);
    this.#each(pen, (run, x, y, word) => {
      pen.fillStyle = word === lit ? this.theme.lit : this.theme.text;
      pen.fillText(run.text, x, y);
    });
    return this.#canvas.data();
  }

  #outline(pen: SKRSContext2D): void {
    pen.lineJoin = 'round';
    pen.lineWidth = this.size * OUTLINE;
    pen.strokeStyle = pen.fillStyle = this.theme.outline;
    // The outline of a picture is a picture: it gets the shadow alone.
    this.#each(pen, (run, x, y) => (run.coloured ? pen.fillText(run.text, x, y) : pen.strokeText(run.text, x, y)));
  }

  /** Of all words at once: to blur each took three times as long. */
  #shadow(pen: SKRSContext2D): void {
    pen.shadowColor = 'rgba(0, 0, 0, 0.65)';
    pen.shadowBlur = this.size * SHADOW;
    pen.shadowOffsetY = this.size * 0.05;
    pen.drawImage(this.#canvas, 0, 0);
  }

  #each(pen: SKRSContext2D, draw: (run: Run, x: number, y: number, word: number) => void): void {
    pen.textBaseline = 'alphabetic';
    const middle = CAPTION_CENTRE - this.y;
    this.lines.forEach((line, i) => {
      const y = middle + (i - (this.lines.length - 1) / 2) * this.size * LINE_HEIGHT + this.size * FOOT;
      for (const { word: index, x: from } of line.places) {
        const unit = this.units[index];
        let x = WIDTH / 2 - line.width / 2 + from - this.x;
        for (const run of unit.runs) {
          const width = measure(pen, run, this.size); // also chooses the font
          draw(run, x, y, unit.word);
          x += width;
        }
      }
    });
  }
}
