/**
 * `npm run test:same-bytes`: the long form of what `npm run test:films` does in short. Twenty changes of a chapter, each filmed, then the
 * last film once more from nothing: the bytes must be the same. SAME_BYTES_SEED chooses other changes.
 */
process.env.SAME_BYTES_CHANGES ??= '20';
process.env.TEST_FILMS = '1';
process.argv.push('--selectProjects', 'films', 'built', '--', 'same-bytes');
await import('./test.mjs');
