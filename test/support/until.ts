/** What to tell when waiting was in vain, besides what was waited for: whoever runs processes adds their logs. */
export const evidence = new Set<() => string>();

/** Asks again and again until the answer is truthy, and gives it. @param what it is, as a sentence of the failure. */
export async function until<T>(
  question: () => T | Promise<T>,
  ms = 5_000,
  what = question.toString(),
): Promise<NonNullable<Exclude<T, false>>> {
  for (const end = Date.now() + ms; ;) {
    const answer = await question();
    if (answer) return answer as NonNullable<Exclude<T, false>>;
    if (Date.now() > end) throw new Error([`Not within ${ms} ms: ${what}`, ...[...evidence].map((tell) => tell())].join('\n'));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
