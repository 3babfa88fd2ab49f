/**
 * Counts the values of a JSON text before it is parsed: 800,000 times `{}` is 2.4 MB of text, and half a gigabyte of objects. One pass
 * over the bytes, which ends as soon as a limit is passed; whether the text is JSON at all is JSON.parse's to find.
 */
export interface JsonLimits {
  /** How deep objects and lists may stand in each other. */
  readonly depth: number;
  /** How many commas and opening brackets may stand outside of strings: no text has more values than that plus one. */
  readonly marks: number;
  /** How many commas may stand in one object itself: no object has more properties than that plus one. */
  readonly keys: number;
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** @returns the limit that the text passes, or undefined. */
export function limitPassed(json: Uint8Array, { depth, marks, keys }: JsonLimits): keyof JsonLimits | undefined {
  let [open, seen] = [0, 0];
  /** Of what is open, by its depth: whether it is an object, and how many commas it has. */
  const isObject = new Uint8Array(depth + 1);
  const commas = new Uint32Array(depth + 1);
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = endOfString(json, at);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (++open > depth) return 'depth';
      isObject[open] = byte === OPEN_OBJECT ? 1 : 0;
      commas[open] = 0;
      seen++;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) open--;
    else if (byte === COMMA) {
      seen++;
      if (isObject[open] && ++commas[open] > keys) return 'keys';
    }
    if (seen > marks) return 'marks';
  }
  return undefined;
}

/** @param from position of the opening quote. @returns that of the closing one, or the end of the text. */
function endOfString(json: Uint8Array, from: number): number {
  for (let at = from + 1; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return json.length;
}
