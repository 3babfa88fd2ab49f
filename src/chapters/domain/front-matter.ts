/** What the lines before a book say about it: front matter of Markdown tools, or the header of Project Gutenberg. */
export interface Metadata {
  title?: string;
  author?: string;
  language?: string;
}

const START = /^\s*\*{3}\s*START OF (?:THE|THIS) PROJECT GUTENBERG/i;
const END = /^\s*(?:\*{3}\s*END OF (?:THE|THIS) PROJECT GUTENBERG|End of (?:the )?Project Gutenberg)/i;
/** Old files of Project Gutenberg end their licence with this line. */
const SMALL_PRINT = /^\s*\*END\*?\s*THE SMALL PRINT/i;
const CREDITS = /^\s*(?:produced by|e-?text prepared by|transcribed (?:by|from)|transcriber['’]s note|\[?illustration\b)/i;

/** Names of languages in such headers. Any other value is used only when it is a BCP 47 tag. */
const LANGUAGES: Readonly<Record<string, string>> = {
  english: 'en',
  chinese: 'zh',
  japanese: 'ja',
  french: 'fr',
  german: 'de',
  spanish: 'es',
};

/** Removes front matter, licence and credits. @returns the lines of the book, and what the removed lines say about it. */
export function withoutBoilerplate(source: readonly string[]): { lines: string[]; metadata: Metadata } {
  const metadata: Metadata = {};
  let lines = [...source];
  const first = lines.findIndex((line) => line.trim() !== '');
  if (first >= 0 && lines[first].trim() === '---') {
    const close = lines.findIndex((line, i) => i > first && /^(?:---|\.\.\.)\s*$/.test(line));
    const fields = close < 0 ? [] : lines.slice(first + 1, close);
    if (close > 0 && fields.every((line) => line.trim() === '' || /^(?:\s|-|#|[\w-]+\s*:)/.test(line))) {
      readFields(fields, metadata);
      lines = lines.slice(close + 1);
    }
  }
  const start = lines.findIndex((line) => START.test(line) || SMALL_PRINT.test(line));
  if (start >= 0) readFields(lines.slice(0, start), metadata);
  const end = lines.findIndex((line, i) => i > start && END.test(line));
  lines = lines.slice(start + 1, end < 0 ? undefined : end);
  if (start >= 0) lines = withoutCredits(lines);
  return { lines, metadata };
}

function readFields(lines: readonly string[], into: Metadata): void {
  for (const line of lines) {
    const [, key, raw] = /^(title|author|language|lang)\s*:\s*(.*)$/i.exec(line.trimEnd()) ?? [];
    if (!raw) continue;
    const value = raw.replace(/^(["'])(.*)\1$/, '$2');
    if (/^lang/i.test(key)) {
      const name = value.toLowerCase();
      const tag = Object.hasOwn(LANGUAGES, name) ? LANGUAGES[name] : value;
      if (/^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/i.test(tag)) into.language ??= tag;
    } else if (key.toLowerCase() === 'title') into.title ??= value;
    else into.author ??= value;
  }
}

/** Removes the credits before the book: paragraphs that begin with "Produced by" and the like. */
function withoutCredits(lines: readonly string[]): string[] {
  let at = 0;
  for (;;) {
    let from = at;
    while (from < lines.length && lines[from].trim() === '') from++;
    if (from === lines.length || !CREDITS.test(lines[from])) return lines.slice(at);
    at = from;
    while (at < lines.length && lines[at].trim() !== '') at++;
  }
}
