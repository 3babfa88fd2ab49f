/**
 * Detects the language of a text that is imported: `en`, `zh`, `ja`, `ko`, otherwise `und`. The script decides; in Latin script, the
 * share of the most frequent English words.
 */
export function detectLanguage(text: string): string {
  const sample = text.length > 60_000 ? text.slice(0, 20_000) + text.slice(text.length >> 1, (text.length >> 1) + 40_000) : text;
  const count = (pattern: RegExp) => sample.match(pattern)?.length ?? 0;
  const letters = count(/\p{L}/gu);
  if (letters === 0) return 'und';
  const kana = count(/[\p{Script=Hiragana}\p{Script=Katakana}]/gu);
  const han = count(/\p{Script=Han}/gu);
  if (kana > letters * 0.1) return 'ja';
  if (count(/\p{Script=Hangul}/gu) > letters * 0.3) return 'ko';
  if (han > letters * 0.3) return 'zh';
  const words = count(/[\p{Script=Latin}’']+/gu);
  return words > 0 && count(/\b(?:the|and|of|to|a|in|was|he|she|it|that|his|her|had|said|you|is|with)\b/gi) > words * 0.12
    ? 'en'
    : 'und';
}
