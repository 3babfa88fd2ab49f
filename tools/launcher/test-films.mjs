/**
 * `npm run test:films [-- jest arguments]`: whole films by real workers, and their faults: damaged files, garbage collection,
 * speech servers, loudness, fair queueing, dry runs, equal bytes; and a clone in a folder with blanks and Chinese characters.
 * It takes ten minutes on two cores, so `npm test` leaves it out; `.ci/run` runs both.
 * One file at a time: a film uses all cores, and some of these tests measure time.
 */
process.env.TEST_FILMS = '1';
process.argv.splice(2, 0, '--maxWorkers', '1', '--selectProjects', 'films', 'clone', ...(process.argv.length > 2 ? ['--'] : []));
await import('./test.mjs');
