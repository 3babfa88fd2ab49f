/**
 * Each kind of test is one project: `npx jest --selectProjects unit`. The kinds need different services, which `npm test`
 * provides (tools/launcher/test.mjs).
 *
 * - unit: one file of domain, application or libs, beside its source, without services
 * - architecture: the rules of the codebase, and a broken tree that breaks each of them
 * - contract: one suite for every adapter of a port
 * - e2e: built processes, or the application in this process, on a database of its own
 * - faults: everything that makes films is killed, frozen, emptied and restarted, at every stage
 * - built, scenario, start, browser: `dist/` and the scripts as child processes, as a user runs them
 */
const shared = {
  rootDir: import.meta.dirname,
  cacheDirectory: '<rootDir>/.cache/jest',
  testEnvironment: 'node',
  transform: { '^.+\\.(ts|js|mjs|cjs)$': '<rootDir>/test/support/jest-transform.cjs' },
  transformIgnorePatterns: [],
  resolver: '<rootDir>/test/support/jest-resolve.cjs',
  setupFilesAfterEnv: ['<rootDir>/test/support/jest-timeout.cjs'],
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'ts', 'json', 'node'],
  moduleNameMapper: { '^#libs/(.*)$': '<rootDir>/libs/$1.ts', '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: [
    '<rootDir>/dist',
    '<rootDir>/\\.inkreel',
    '<rootDir>/\\.cache',
    '<rootDir>/test/architecture/broken',
  ],
  restoreMocks: true,
};

/** @param {string} displayName @param {number} seconds longest time one test may take @param {string[]} testMatch */
const project = (displayName, seconds, ...testMatch) => ({
  ...shared,
  displayName,
  globals: { SECONDS_PER_TEST: seconds },
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
});

/** @type {import('jest').Config} */
export default {
  projects: [
    project('unit', 10, 'src/**/*.spec.ts', 'libs/**/*.spec.ts'),
    project('architecture', 120, 'test/architecture/*.spec.ts'),
    project('contract', 60, 'test/contract/**/*.spec.ts'),
    project('e2e', 120, 'test/e2e/**/*.e2e-spec.ts'),
    project('built', 120, 'test/**/*.built-spec.ts'),
    project('scenario', 600, 'test/scenario/**/*.scenario.ts'),
    project('start', 300, 'test/start/**/*.start-spec.ts'),
    project('browser', 180, 'test/browser/**/*.browser-spec.ts'),
    // whole films and what goes wrong with them: ten minutes, by `npm run test:films`
    ...(process.env.TEST_FILMS
      ? [project('films', 180, 'test/films/**/*.films-spec.ts'), project('clone', 240, 'test/start/**/*.clone-spec.ts')]
      : []),
    // an hour and more: only when asked for, by `npm run test:render-faults`
    ...(process.env.RENDER_FAULT_SEEDS ? [project('faults', 300, 'test/faults/**/*.faults-spec.ts')] : []),
  ],
  maxWorkers: 2,
  // A failed test may leave a connection open; the run must end nevertheless.
  forceExit: true,
  coverageProvider: 'v8',
  coverageDirectory: '.cache/coverage',
};
