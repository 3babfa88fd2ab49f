/**
 * `npm run test:films [-- jest arguments]`: films whole, by real workers, and what may go wrong with them: damage, sweeping, speech
 * servers, loudness, turns, dry runs, bytes; and a whole clone in a folder with blanks and Chinese characters. Ten minutes on two cores, so it is not a part of `npm test`; `.ci/run` runs both.
 * One file at a time: a film takes every core there is, and some of these tests look at the clock.
 */
process.env.TEST_FILMS = '1';
process.argv.splice(2, 0, '--maxWorkers', '1', '--selectProjects', 'films', 'clone', ...(process.argv.length > 2 ? ['--'] : []));
await import('./test.mjs');
