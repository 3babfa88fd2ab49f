/**
 * The layout of objects in the folder store.
 *
 * Path: `films/Ab/é` is stored in `films/%41b/@%c3%a9`. Only [a-z0-9._-] stay as they are, so names that differ in case or in
 * Unicode normalisation are different files on every file system. Files start with `@` and folders do not, so `a` and `a/b` can
 * both be keys.
 *
 * Content: the bytes of the object, then a footer of 512 bytes with media type and digest. One file changes by one rename; a
 * second file beside it would be wrong for a moment at each overwrite, and permanently after a crash at that moment. The footer
 * has the form of an MP4 `free` box, so a film on the disk is a valid film; other players ignore the footer.
 */
import type { FileHandle } from 'node:fs/promises';

export const FOOTER_BYTES = 512;
const MAGIC = 'INKOBJ01';
/** Box size and `free` before the text, `MAGIC` after it. */
const TEXT_AT = 8;
const TEXT_BYTES = FOOTER_BYTES - TEXT_AT - MAGIC.length;

export interface Footer {
  contentType: string;
  sha256: string;
  bytes: number;
}

export function writeFooter(footer: Footer): Buffer {
  const text = Buffer.from(JSON.stringify(footer));
  if (text.length > TEXT_BYTES) throw new RangeError('The media type is too long to be stored');
  const buffer = Buffer.alloc(FOOTER_BYTES, ' ');
  buffer.writeUInt32BE(FOOTER_BYTES, 0);
  buffer.write('free', 4, 'latin1');
  text.copy(buffer, TEXT_AT);
  buffer.write(MAGIC, FOOTER_BYTES - MAGIC.length, 'latin1');
  return buffer;
}

/** @returns undefined when the file is not one of ours or was cut: then its bytes cannot be trusted either. */
export async function readFooter(handle: FileHandle): Promise<Footer | undefined> {
  const { size } = await handle.stat();
  if (size < FOOTER_BYTES) return undefined;
  const buffer = Buffer.alloc(FOOTER_BYTES);
  const { bytesRead } = await handle.read(buffer, 0, FOOTER_BYTES, size - FOOTER_BYTES);
  if (bytesRead < FOOTER_BYTES || buffer.toString('latin1', FOOTER_BYTES - MAGIC.length) !== MAGIC) return undefined;
  const footer = parsed(buffer.toString('utf8', TEXT_AT, FOOTER_BYTES - MAGIC.length));
  return footer?.bytes === size - FOOTER_BYTES ? footer : undefined;
}

function parsed(text: string): Footer | undefined {
  try {
    return JSON.parse(text) as Footer;
  } catch {
    return undefined;
  }
}

/** Relative path of a checked key. */
export function pathOf(key: string): string {
  const segments = key.split('/').map(escape);
  return [...segments.slice(0, -1), `@${segments.at(-1)}`].join('/');
}

/** Relative path of the deepest folder that holds every key with this prefix. */
export function folderOf(prefix: string): string {
  return prefix.split('/').slice(0, -1).map(escape).join('/');
}

/** The part of a key that a file or folder name stands for; a folder's ends in a slash. */
export function nameOf(entry: { name: string; isDirectory(): boolean }): string {
  return entry.isDirectory() ? `${decodeURIComponent(entry.name)}/` : decodeURIComponent(entry.name.slice(1));
}

function escape(segment: string): string {
  return segment.replace(/[^a-z0-9._-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}
