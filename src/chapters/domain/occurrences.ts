/**
 * Where words stand in a text, overlaps included, by the algorithm of Knuth, Morris and Pratt (1977): at most 2 × (words + text) steps.
 * `indexOf` and `includes` of V8 take words × text steps for texts that repeat themselves: seconds for a paragraph of one letter.
 *
 * @example [...occurrences('anana', 'ana')] // → [0, 2]
 */
export function* occurrences(text: string, words: string): Generator<number> {
  if (words === '' || words.length > text.length) return;
  // borders[i]: length of the longest proper prefix of words[0..i] that is also its suffix
  const borders = new Int32Array(words.length);
  for (let i = 1, matched = 0; i < words.length; i++) {
    while (matched > 0 && words[i] !== words[matched]) matched = borders[matched - 1];
    if (words[i] === words[matched]) matched++;
    borders[i] = matched;
  }
  for (let i = 0, matched = 0; i < text.length; i++) {
    while (matched > 0 && text[i] !== words[matched]) matched = borders[matched - 1];
    if (text[i] === words[matched]) matched++;
    if (matched < words.length) continue;
    yield i + 1 - matched;
    matched = borders[matched - 1];
  }
}

export function contains(text: string, words: string): boolean {
  return words === '' || occurrences(text, words).next().done === false;
}
