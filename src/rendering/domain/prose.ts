/**
 * From a block's text to what is spoken and shown. Marks of Markdown, HTML and SSML are instructions to a page or a machine, not
 * words: they are neither read aloud nor drawn. Emoji are drawn but not read aloud.
 *
 * The unit is the token: what lights up at once while it is spoken. In spaced scripts that is a word between spaces, in Chinese,
 * Japanese or Thai a word as `Intl.Segmenter` cuts it; punctuation belongs to the token it closes or opens.
 */
export interface Token {
  /** As drawn, punctuation included. Never empty. */
  readonly text: string;
  /**
   * As spoken: letters, digits and the punctuation that shapes the melody. At least one letter or digit, except where a lexicon has the
   * word before speak for it, too: then nothing.
   */
  readonly say: string;
  /** What ends after it. A scene may be cut at 2, less gladly at 1, and at 0 only when there is nothing else. */
  readonly stop: 0 | 1 | 2;
}

/** A language tag's primary part: `zh-Hans-CN` → `zh`. */
export function primary(language: string): string {
  return language.toLowerCase().split(/[-_]/)[0];
}

/** Scripts that are written without spaces, and the punctuation that stands among them. */
export const UNSPACED =
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Bopo}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}\u3000-\u303f\uff00-\uff60]/u;
const NARRATED = /[\p{L}\p{N}]/u;
/** Longer tokens would not fit a caption line; people do write "aaaaaa…". */
const LONGEST = 24;

/** The text of a block without any marks; lines stay lines. */
export function plain(text: string, kind: string): string {
  const clean = text
    .replace(/\r\n?|[\u0085\u2028\u2029\f\v]/g, '\n')
    // U+E000… is used below to keep escaped marks out of reach; zero-width signs stay only inside an emoji
    .replace(/[\p{Cs}\p{Co}]|[^\P{Cc}\n\t]|[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, '')
    .replace(/(?<!\p{M}|\p{Emoji})\u200d/gu, '');
  return tidy(kind === 'code' ? clean : unmarked(clean, kind));
}

const TAGS =
  'speak|break|prosody|voice|phoneme|say-as|audio|emphasis|lang|desc|lexicon|par|seq|media|' +
  'a|abbr|b|blockquote|br|center|cite|code|del|div|em|font|h[1-6]|hr|i|img|ins|kbd|li|mark|ol|p|pre|q|rp|rt|ruby|s|script|small|span|' +
  'strike|strong|style|sub|sup|table|tbody|td|th|tr|tt|u|ul|w';
/** Only real tags: `<Level up!>` is how some serials write a system message, and is read like any other words. */
const TAG = new RegExp(`</?(?:${TAGS})(?:\\s+[\\w:-]+\\s*=\\s*(?:"[^"]*"|'[^']*'|[^\\s"'<>]+))*\\s*/?>`, 'gi');
const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  mdash: '—',
  ndash: '–',
  hellip: '…',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
};

function unmarked(text: string, kind: string): string {
  const hide = (sign: string) => String.fromCodePoint(0xe000 + (sign.codePointAt(0) ?? 0));
  const hideAll = (some: string) => some.replace(/[!-/:-@[-`{-~]/g, hide);
  let out = text
    .replace(/\\\n/g, '\n')
    .replace(/\\([!-/:-@[-`{-~])/g, (_, sign: string) => hide(sign))
    .replace(/(`{1,3})([^`\n]+)\1/g, (_, _ticks, code: string) => hideAll(code.trim()))
    .replace(/<!--[^<>]*-->/g, '')
    .replace(/<(?:https?:\/\/|mailto:)([^\s<>]+)>/gi, '$1')
    .replace(/<br\s*\/?>/gi, '\n')
    .replace(TAG, '')
    .replace(/!\[[^[\]\n]*\]\([^()\s]*(?:\s+"[^"\n]*")?\)/g, '')
    .replace(/\[\^[^\]\s]{1,40}\]:?/g, '')
    .replace(/\[([^[\]\n]+)\](?:\([^()\s]*(?:\s+"[^"\n]*")?\)|\[[^[\]\n]*\])/g, '$1');
  if (kind === 'list') out = out.replace(/^[ \t]*[-*+][ \t]+/gm, '');
  out = out.replace(/^[ \t]{0,3}(?:#{1,6}[ \t]+|(?:>[ \t]?)+)/gm, '');
  for (let depth = 0; depth < 3; depth++)
    out = out
      .replace(/(\*{1,3})(?=[^\s*])([^*]*[^*\s])\1/g, '$2')
      .replace(/(?<![\p{L}\p{N}])(_{1,3})(?=[^\s_])([^_]*[^_\s])\1(?![\p{L}\p{N}])/gu, '$2')
      .replace(/(~~)(?=[^\s~])([^~]*[^~\s])\1/g, '$2');
  return out
    .replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-z]+));/g, (whole, dec: string, hex: string, name: string) => {
      if (name) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : whole;
      const code = dec ? Number(dec) : parseInt(hex, 16);
      return code > 31 && code < 0xd800 ? String.fromCodePoint(code) : '';
    })
    .replace(/[\ue000-\ue07f]/g, (sign) => String.fromCodePoint(sign.charCodeAt(0) - 0xe000));
}

function tidy(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\s+/gu, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** The tokens of a block; none when there is nothing in it to say (a row of stars, an emoji). */
export function tokensOf(text: string, kind: string, language: string): Token[] {
  if (kind === 'scene-break') return [];
  const out: { text: string; say: string; heard?: string; lineEnd?: boolean }[] = [];
  for (const line of plain(text, kind).split('\n')) {
    let opening = '';
    for (const chunk of chunks(line, language)) {
      const say = spoken(chunk.text);
      const last = out.at(-1);
      if (NARRATED.test(say)) {
        out.push({ text: opening + chunk.text, say });
        opening = '';
      } else if (OPENS.test(chunk.text) || !last || last.lineEnd) {
        opening += chunk.text + (chunk.spaceAfter ? ' ' : '');
      } else {
        last.text += (chunk.spaceBefore ? ' ' : '') + chunk.text;
        last.heard = last.text;
      }
    }
    const last = out.at(-1);
    if (!last) continue;
    if (opening && !last.lineEnd) last.text += ` ${opening.trimEnd()}`;
    last.lineEnd = true;
  }
  // spoken once the token is whole, not with every sign that joins it
  for (const token of out) if (token.heard !== undefined) token.say = spoken(token.heard);
  return out.map((token, i) => ({ text: token.text, say: token.say, stop: stopAfter(token, out[i + 1]) }));
}

const OPENS = /^[\p{Ps}\p{Pi}¿¡]+$/u;

interface Chunk {
  text: string;
  spaceBefore: boolean;
  spaceAfter: boolean;
}

function* chunks(line: string, language: string): Generator<Chunk> {
  for (const word of line.split(' ')) {
    const parts = UNSPACED.test(word) ? segmented(word, language) : [word];
    const pieces = parts.flatMap(shortened);
    for (let i = 0; i < pieces.length; i++) yield { text: pieces[i], spaceBefore: i === 0, spaceAfter: i === pieces.length - 1 };
  }
}

const segmenters = new Map<string, Intl.Segmenter>();

function segmented(word: string, language: string): string[] {
  let segmenter = segmenters.get(language);
  if (!segmenter) segmenters.set(language, (segmenter = new Intl.Segmenter(language, { granularity: 'word' })));
  const parts: string[] = [];
  // the dictionary look-up is slower than linear on text without end
  for (let from = 0; from < word.length; from += 2_000)
    for (const { segment } of segmenter.segment(word.slice(from, from + 2_000))) parts.push(segment);
  return parts;
}

/** A word too long for a caption line, cut where it has a joint, else anywhere between two whole characters. */
function shortened(word: string): string[] {
  if (columns(word) <= LONGEST) return [word];
  const parts: string[] = [];
  let part = '';
  for (const joint of word.split(/(?<=[-–—/_.…])(?=[\p{L}\p{N}])/u)) {
    if (part && columns(part) + columns(joint) > LONGEST) {
      parts.push(part);
      part = '';
    }
    part += joint;
    if (columns(part) > LONGEST) {
      const whole = [...part.matchAll(/\P{M}[\p{M}\u200d\ufe0f]*/gu)].map((match) => match[0]);
      let from = 0;
      for (; whole.length - from > LONGEST; from += LONGEST) parts.push(whole.slice(from, from + LONGEST).join(''));
      part = whole.slice(from).join('');
    }
  }
  return part ? [...parts, part] : parts;
}

/** Width in columns: a Chinese character or an emoji takes two. */
export function columns(text: string): number {
  let width = 0;
  for (const sign of text)
    width += /[\p{M}\u200d\ufe0e\ufe0f]/u.test(sign)
      ? 0
      : /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f000}-\u{3ffff}]/u.test(
            sign,
          )
        ? 2
        : 1;
  return width;
}

/** Between two drawn tokens: a space, unless one of the touching characters belongs to a script written without. */
export function gapBetween(left: string, right: string): '' | ' ' {
  const before = [...left].at(-1) ?? '';
  const after = right.slice(0, 2);
  return UNSPACED.test(before) || UNSPACED.test([...after][0] ?? '') || amongUnspaced(left, right) ? '' : ' ';
}

/** Curly quotes serve both scripts: they take after the character on their other side. */
function amongUnspaced(left: string, right: string): boolean {
  const near = (text: string, from: number) => [...text.replace(/[\p{P}\p{S}\s]+/gu, '')].at(from) ?? '';
  return /[\p{P}]$/u.test(left) && UNSPACED.test(near(left, -1)) && UNSPACED.test(near(right, 0));
}

/** Tokens written out as a reader sees them. */
export function written(texts: readonly string[]): string {
  let out = '';
  texts.forEach((text, i) => (out += i === 0 ? text : gapBetween(texts[i - 1], text) + text));
  return out;
}

/** What a voice gets for a drawn text: no emoji, no reference numbers, no quotes or brackets, one sign for a pause. */
function spoken(text: string): string {
  return text
    .replace(/[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{RI}\u200d\u20e3\ufe0e\ufe0f\u{e0000}-\u{e007f}]/gu, '')
    .replace(/[\u2460-\u24ff\u2776-\u2793\u00b9\u00b2\u00b3\u2070-\u209f]/g, '')
    .normalize('NFKC')
    .replace(/(\p{sc=Han}|\p{sc=Hira}|\p{sc=Kana})(?:\.{2,}|—+|-{2,})/gu, '$1，')
    .replace(/\.{2,}|(?:(?<!\s)\s+)?(?:—+|―+|–+|-{2,})\s*/gu, ', ')
    .replace(/[’ʼ]/g, "'")
    .replace(/(?<![\p{L}\p{N}])'|'(?![\p{L}\p{N}])/gu, '')
    .replace(/[^\p{L}\p{M}\p{N}\s'.,!?;:%$€£¥&+@/°。，！？；：、-]/gu, '')
    .replace(/([!?！？])[!?！？.。,，]*/gu, '$1')
    .replace(/[.,;:。，；：、][\s.,;:。，；：、]*/gu, pausedOnce)
    .replace(/^[\s.,!?;:/。，！？；：、-]+/u, '')
    .trim();
}

/** Of marks of pause on end, the first remains: up to the end of the text, else up to the last space among them. */
function pausedOnce(run: string, at: number, text: string): string {
  if (at + run.length === text.length) return run[0];
  for (let end = run.length - 1; end > 0; end--) if (run[end].trim() === '') return run[0] + run.slice(end);
  return run;
}

const ENDS = /[.!?…。！？][\p{Pe}\p{Pf}"'”’」』）)\]]*$/u;
const PAUSES = /(?:[,;:，；：、—–…]|--)[\p{Pe}\p{Pf}"'”’」』）)\]]*$/u;
const ABBREVIATION =
  /^\P{L}*(?:Mr|Mrs|Ms|Dr|St|Prof|Jr|Sr|Capt|Col|Gen|Lt|Sgt|Rev|Hon|Mt|vs|No|Vol|Fig|etc|e\.g|i\.e|\p{Lu})\.$/u;

/** What ends after a drawn token: 2 a sentence, 1 a clause or line, 0 nothing. */
export function stopAfter(token: { text: string; lineEnd?: boolean }, next?: { text: string }): 0 | 1 | 2 {
  if (!next) return 2;
  const drawn = withoutPictures(token.text);
  if (ENDS.test(drawn) && !ABBREVIATION.test(drawn)) return /^[\p{P}]*\p{Ll}/u.test(next.text) ? 1 : 2;
  return token.lineEnd || PAUSES.test(drawn) ? 1 : 0;
}

/** Without the emoji and spaces at its end. A pattern tied to the end alone would start over at each of them. */
function withoutPictures(text: string): string {
  const signs = [...text];
  let end = signs.length;
  while (end > 0 && /[\s\p{Extended_Pictographic}\ufe0f\u200d]/u.test(signs[end - 1])) end--;
  return signs.slice(0, end).join('');
}

/** A sign that is read as a word, and each letter of what is spelled because no vowel is in it: the % and the dot of `99%` and `a.org`, HTML. */
const SPELLED =
  /[$€£¥%&@+/]|[.:](?=[\p{L}\p{N}])|(?<=(?<![\p{L}'])[B-DF-HJ-NP-TV-XZb-df-hj-np-tv-xz]*)[B-DF-HJ-NP-TV-XZb-df-hj-np-tv-xz](?=[B-DF-HJ-NP-TV-XZb-df-hj-np-tv-xz]*(?![\p{L}']))/gu;

/**
 * Seconds a token takes at a reader's usual pace, pause included. Constants fitted to the embedded voices on both languages of
 * the demo works; a plan must not depend on the voice, so that trying another one does not move scene borders.
 */
export function secondsOf(token: Token): number {
  let seconds = 0.05 + 0.25 * (token.say.match(SPELLED)?.length ?? 0);
  for (const sign of token.say)
    if (/\p{N}/u.test(sign)) seconds += 0.42;
    else if (/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}]/u.test(sign)) seconds += 0.225;
    else if (/\p{L}/u.test(sign)) seconds += 0.062;
  return seconds + [0, 0.15, 0.35][token.stop];
}
