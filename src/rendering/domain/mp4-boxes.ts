/**
 * ISO base media boxes (ISO/IEC 14496-12 §4.2), as far as our own files need them: a box is a 32-bit size, four letters and a body;
 * size 1 means that a 64-bit size follows, size 0 that the box runs to the end.
 */
export interface Box {
  readonly type: string;
  /** First byte of the body. */
  readonly start: number;
  /** One past the last byte; may lie beyond the bytes given, when these are only the head of a file. */
  readonly end: number;
}

export class DamagedFile extends Error {}

const latin = new TextDecoder('latin1');

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The boxes that stand side by side in [start, end). */
export function* boxesIn(bytes: Uint8Array, start = 0, end = bytes.length): Generator<Box> {
  const view = viewOf(bytes);
  for (let at = start; at + 8 <= Math.min(end, bytes.length);) {
    const type = latin.decode(bytes.subarray(at + 4, at + 8));
    let size = view.getUint32(at);
    let head = 8;
    if (size === 1 && at + 16 <= bytes.length) {
      size = Number(view.getBigUint64(at + 8));
      head = 16;
    } else if (size === 0) {
      size = end - at;
    }
    if (size < head) throw new DamagedFile(`box ${type} at byte ${at} says it is ${size} bytes long`);
    yield { type, start: at + head, end: at + size };
    at += size;
  }
}

/** Follows a path of box types, taking the first of each name: `find(file, 'moov', 'trak')`. */
export function find(bytes: Uint8Array, path: readonly string[], within?: Box): Box | undefined {
  let box = within;
  for (const type of path) {
    let next: Box | undefined;
    for (const child of boxesIn(bytes, box?.start, box?.end)) {
      if (child.type === type) {
        next = child;
        break;
      }
    }
    if (!next) return undefined;
    box = next;
  }
  return box;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function u16(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 2);
  const view = viewOf(bytes);
  values.forEach((value, i) => view.setUint16(i * 2, value));
  return bytes;
}

export function u32(values: Iterable<number>): Uint8Array {
  const list = Array.isArray(values) || ArrayBuffer.isView(values) ? (values as ArrayLike<number>) : [...values];
  const bytes = new Uint8Array(list.length * 4);
  const view = viewOf(bytes);
  for (let i = 0; i < list.length; i++) view.setUint32(i * 4, list[i]);
  return bytes;
}

export function u64(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = viewOf(bytes);
  values.forEach((value, i) => view.setBigUint64(i * 8, BigInt(value)));
  return bytes;
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export function box(type: string, ...body: Uint8Array[]): Uint8Array {
  const inner = concat(body);
  return concat([u32([inner.length + 8]), ascii(type), inner]);
}

/** A box that begins with a version and 24 bits of flags. */
export function fullBox(type: string, version: number, flags: number, ...body: Uint8Array[]): Uint8Array {
  return box(type, u32([((version << 24) | flags) >>> 0]), ...body);
}

/** Runs of equal values as (count, value) pairs, the way `stts` and `ctts` store them. */
export function runs(values: Iterable<number>): number[] {
  const pairs: number[] = [];
  for (const value of values) {
    if (pairs.length && pairs[pairs.length - 1] === value) pairs[pairs.length - 2] = pairs[pairs.length - 2] + 1;
    else pairs.push(1, value);
  }
  return pairs;
}
