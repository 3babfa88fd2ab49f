/**
 * `npm run test:same-bytes`: the long form of a test of `npm run test:films`. A film is made after each of twenty changes of a chapter,
 * then the last film is made once more without a cache: the bytes must be the same. SAME_BYTES_SEED chooses other changes.
 */
process.env.SAME_BYTES_CHANGES ??= '20';
process.env.TEST_FILMS = '1';
process.argv.push('--selectProjects', 'films', 'built', '--', 'same-bytes');
await import('./test.mjs');
