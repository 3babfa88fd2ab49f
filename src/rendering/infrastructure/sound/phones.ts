/**
 * Which stretch of a spoken sequence of sounds belongs to which word. The synthesizer tells when each phone ends, but not whose it
 * is; what every word sounds like alone is asked beforehand. Both sequences are laid on top of each other with the least total
 * difference (Needleman & Wunsch, 1970), since in context "the" turns from `dh ax` to `dh iy` and a final t may be lost.
 */
export interface Phone {
  readonly name: string;
  /** Seconds. */
  readonly start: number;
  readonly end: number;
}

const SILENCE = 'pau';
const VOWELS = new Set('aa ae ah ao aw ax axr ay eh er ey ih ix iy ow oy uh uw'.split(' '));
const GAP = 1;

/**
 * @param words phones of each word spoken alone, silences left out; may be empty for what the voice cannot read
 * @returns [start, end] in seconds of each word, `undefined` for those without a sound of their own
 */
export function timesByPhones(
  words: readonly (readonly string[])[],
  spoken: readonly Phone[],
): (readonly [number, number] | undefined)[] {
  const heard = spoken.filter((phone) => phone.name !== SILENCE);
  const owner: number[] = [];
  const wanted: string[] = [];
  words.forEach((phones, word) =>
    phones.forEach((phone) => {
      wanted.push(phone);
      owner.push(word);
    }),
  );
  const width = heard.length + 1;
  const cost = new Float64Array((wanted.length + 1) * width);
  for (let j = 1; j < width; j++) cost[j] = j * GAP;
  for (let i = 1; i <= wanted.length; i++) {
    cost[i * width] = i * GAP;
    for (let j = 1; j < width; j++)
      cost[i * width + j] = Math.min(
        cost[(i - 1) * width + j - 1] + difference(wanted[i - 1], heard[j - 1].name),
        cost[(i - 1) * width + j] + GAP,
        cost[i * width + j - 1] + GAP,
      );
  }
  const times: ([number, number] | undefined)[] = words.map(() => undefined);
  for (let i = wanted.length, j = heard.length; i > 0 && j > 0;) {
    const here = cost[i * width + j];
    if (here === cost[(i - 1) * width + j - 1] + difference(wanted[i - 1], heard[j - 1].name)) {
      const known = times[owner[i - 1]];
      if (known) known[0] = heard[j - 1].start;
      else times[owner[i - 1]] = [heard[j - 1].start, heard[j - 1].end];
      i--;
      j--;
    } else if (here === cost[(i - 1) * width + j] + GAP) i--;
    else j--;
  }
  return times;
}

function difference(a: string, b: string): number {
  if (a === b) return 0;
  return VOWELS.has(a) === VOWELS.has(b) ? 0.5 : 1.8;
}

/** The lines of `flite -psdur`: `name:end` for every phone, one line an utterance, each counted from its own start. */
export function readPhones(output: string): Phone[] {
  const phones: Phone[] = [];
  let offset = 0;
  for (const line of output.split('\n')) {
    let start = offset;
    for (const part of line.split(' ')) {
      const [name, seconds] = part.split(':');
      const end = offset + Number(seconds);
      if (!name || !Number.isFinite(end)) continue;
      phones.push({ name, start, end });
      start = end;
    }
    offset = start;
  }
  return phones;
}
