/**
 * Lists of entity tags, as If-Match and If-None-Match carry them (RFC 9110 §8.8.3 and §13.1): `*`, or `"3", W/"4", "a,b"`.
 * Read character by character, in time linear in the header: a tag may hold commas, so the list cannot be split at them.
 *
 * ```ts
 * readEtagList('W/"3", "4"'); // [{ isWeak: true, tag: '"3"' }, { isWeak: false, tag: '"4"' }]
 * ```
 */
export interface EntityTag {
  readonly isWeak: boolean;
  /** With its quotes, as an ETag header has it. */
  readonly tag: string;
}

/** @returns undefined when the header is no list of entity tags. */
export function readEtagList(header: string): '*' | EntityTag[] | undefined {
  const text = header.trim();
  if (text === '*') return '*';
  const tags: EntityTag[] = [];
  let at = 0;
  let isSeparated = true;
  while (at < text.length) {
    const char = text[at];
    if (char === ' ' || char === '\t' || char === ',') {
      isSeparated ||= char === ',';
      at++;
      continue;
    }
    const isWeak = char === 'W' && text[at + 1] === '/';
    const start = isWeak ? at + 2 : at;
    const end = text[start] === '"' ? text.indexOf('"', start + 1) : -1;
    if (!isSeparated || end < 0) return undefined;
    tags.push({ isWeak, tag: text.slice(start, end + 1) });
    isSeparated = false;
    at = end + 1;
  }
  return tags.length ? tags : undefined;
}
