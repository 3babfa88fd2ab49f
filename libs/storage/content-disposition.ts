/**
 * `Content-Disposition` (RFC 6266): download or inline, with a file name in any script. Old clients read the ASCII `filename`,
 * all others `filename*` (RFC 8187). The name never contains a path, a quote or a line break.
 */
export function contentDisposition(type: 'inline' | 'attachment', filename?: string): string {
  const name = filename && cleaned(filename);
  if (!name) return type;
  const ascii = name.replace(/[^\x20-\x7e]/gu, '_').replace(/["%]/g, '_');
  const header = `${type}; filename="${ascii}"`;
  return ascii === name ? header : `${header}; filename*=UTF-8''${extended(name)}`;
}

/** More than any name of `downloadName`. */
const MAX_CHARACTERS = 240;
/** Bytes of UTF-8 of one title: two of them and an extension fit into the 255 that file systems allow. */
const MAX_TITLE_BYTES = 110;

/**
 * The file name of a download: `downloadName(['The Lamplighter', 'I. The Third Window'], 'mp4')` is
 * `The Lamplighter – I. The Third Window.mp4`. Titles may hold anything; long ones are cut, and the extension stays.
 */
export function downloadName(titles: readonly string[], extension: string): string {
  const parts = titles.map((title) => cut(cleaned(title).replace(/^[.\s]+/, ''))).filter(Boolean);
  return `${parts.join(' – ') || 'untitled'}.${extension}`;
}

function cut(title: string): string {
  let [kept, bytes] = ['', 0];
  for (const character of title) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_TITLE_BYTES) break;
    kept += character;
  }
  return kept.trimEnd();
}

function cleaned(filename: string): string {
  const characters = filename
    .replace(/\p{Cs}/gu, '\ufffd')
    // Control characters, and those that change the reading direction, which could show `exe.txt` as `txt.exe`.
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .replace(/[/\\:*?<>|]/g, '_')
    .trim();
  return [...characters].slice(0, MAX_CHARACTERS).join('');
}

/** `attr-char` of RFC 8187: what encodeURIComponent leaves, less `*'()`. */
function extended(name: string): string {
  return encodeURIComponent(name).replace(/[*'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
