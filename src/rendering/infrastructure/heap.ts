/**
 * Environment of a child that uses one heap of glibc's, and uses again what it has: blocks of a few MB come and go many times, and memory
 * that is given back each time costs a page fault for every 4 kB, which in many virtual machines is a third of what encoding takes and
 * half of mastering. What is taken anew comes in huge pages where the system has them (glibc from 2.35, Linux with `madvise`): one
 * fault for 2 MB, for 5 MB more in each engine.
 *
 * @param kept bytes at the heap's end that may lie unused before they are given back
 */
export const heapKept = (kept: number): Readonly<Record<string, string>> => ({
  MALLOC_ARENA_MAX: '1',
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  MALLOC_MMAP_THRESHOLD_: String(32 * 2 ** 20), // the most that glibc takes; with more it would fall back to much less
  MALLOC_TRIM_THRESHOLD_: String(kept),
});
