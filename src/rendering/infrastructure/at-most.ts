/**
 * Runs `work` on each item, in order, so many at a time; the first failure ends it once those under way are over.
 * @returns what came of each, in the order of the items
 */
export async function atMost<T, R>(count: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const [i, item] of left) {
      if (failed) return;
      try {
        results[i] = await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: count }, lane));
  for (const one of lanes) if (one.status === 'rejected') throw one.reason;
  return results;
}
