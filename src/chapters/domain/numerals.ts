/** Reads chapter numbers as books write them: 12, １２, XII, twelve, 十二, 一百零三, 廿三. */
const CHINESE: Readonly<Record<string, number>> = {
  ...Object.fromEntries([...'〇一二三四五六七八九'].map((char, i) => [char, i])),
  ...Object.fromEntries([...'零壹贰叁肆伍陆柒捌玖'].map((char, i) => [char, i])),
  两: 2,
};
const POWERS: Readonly<Record<string, number>> = { 十: 10, 拾: 10, 百: 100, 佰: 100, 千: 1000, 仟: 1000, 廿: 20, 卅: 30 };
const ROMAN: Readonly<Record<string, number>> = { I: 1, V: 5, X: 10, L: 50, C: 100, D: 500, M: 1000 };
const UNITS =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const ORDINALS = 'zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth'.split(' ');
const TENS = 'zero ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

/** Sources of regular expressions that match a number in Chinese and in English. */
export const CHINESE_NUMBER = '[〇零一二三四五六七八九十百千两廿卅壹贰叁肆伍陆柒捌玖拾佰仟0-9０-９]{1,9}';
export const ENGLISH_NUMBER = `\\d{1,4}|[IVXLCDM]+|(?:the\\s+)?(?:${[...UNITS, ...ORDINALS, ...TENS, 'hundred'].join('|')})(?:[\\s-](?:${[...UNITS, ...ORDINALS].slice(1).join('|')}))?`;

/** @returns undefined when the text is not a number: "MIX" is one, "IXM" is not. */
export function numberOf(written: string): number | undefined {
  const text = written.normalize('NFKC').trim();
  if (/^\d+$/.test(text)) return Number(text);
  return roman(text.toUpperCase()) ?? english(text.toLowerCase()) ?? chinese(text);
}

function roman(text: string): number | undefined {
  if (!/^M{0,3}(CM|CD|D?C{0,4})(XC|XL|L?X{0,4})(IX|IV|V?I{0,4})$/.test(text) || text === '') return undefined;
  return [...text].reduce((sum, digit, i) => sum + (ROMAN[digit] < (ROMAN[text[i + 1]] ?? 0) ? -ROMAN[digit] : ROMAN[digit]), 0);
}

function english(text: string): number | undefined {
  const parts = text.replace(/^the\s+/, '').split(/[\s-]+/);
  const values = parts.map((part) => {
    if (part === 'hundred') return 100;
    const ten = TENS.indexOf(part);
    return ten > 1 ? ten * 10 : Math.max(UNITS.indexOf(part), ORDINALS.indexOf(part));
  });
  if (values.some((value) => value < 0)) return undefined;
  if (values.length === 1) return values[0];
  return values.length === 2 && values[0] % 10 === 0 && values[0] >= 20 && values[1] < 10 ? values[0] + values[1] : undefined;
}

function chinese(text: string): number | undefined {
  const chars = [...text];
  if (chars.length === 0 || !chars.every((char) => char in CHINESE || char in POWERS)) return undefined;
  if (!chars.some((char) => char in POWERS)) return chars.reduce((sum, char) => sum * 10 + CHINESE[char], 0); // 一〇三, digit by digit
  let sum = 0;
  let digit: number | undefined;
  for (const char of chars) {
    if (char === '廿' || char === '卅') sum += POWERS[char];
    else if (char in POWERS) sum += (digit || 1) * POWERS[char];
    digit = char in POWERS ? undefined : CHINESE[char];
  }
  return sum + (digit ?? 0);
}
