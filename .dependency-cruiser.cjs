/** The module graph: each module and the modules that it may use. The rules between modules below are made from this table. */
const MAY_USE = {
  auth: [],
  chapters: ['auth'],
  comments: ['auth', 'chapters'],
  rendering: ['auth', 'chapters', 'comments'],
};

/**
 * Who may import whom. `npm run architecture` runs these rules on the tree and on test/architecture/broken, where each rule has a
 * file that breaks it, so that every rule is known to work. The `comment` says what to do instead.
 */
const MODULE = '^src/([^/]+)/';
/** In-memory adapters are there for specs and do not ship either. */
const SPEC = '\\.(spec|built-spec|in-memory)\\.ts$';
const CRYPTO = '^(node:)?crypto$';

const moduleOrder = Object.entries(MAY_USE).map(([module, others]) => ({
  name: `${module}-uses-only-${others.join('-and-') || 'itself'}`,
  comment: 'MAY_USE names the modules that this one may use. If another module must know, record an event and let it react.',
  severity: 'error',
  from: { path: `^src/${module}/` },
  to: { path: MODULE, pathNot: [module, ...others].map((name) => `^src/${name}/`) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Neither file can be tested without the other: move what both need into a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'domain-is-pure',
      comment:
        'The domain imports only itself, libs/kernel and node:crypto; no framework, no database, no other layer or module.',
      severity: 'error',
      from: { path: '^src/([^/]+)/domain/', pathNot: SPEC },
      to: { pathNot: ['^src/$1/domain/', '^libs/kernel/', CRYPTO] },
    },
    {
      name: 'application-knows-no-technology',
      comment: 'Use cases import their domain, libs/kernel, the public API of other modules, and of Nest only Injectable.',
      severity: 'error',
      from: { path: '^src/([^/]+)/application/', pathNot: SPEC },
      to: {
        pathNot: [
          '^src/$1/(domain|application)/',
          '^libs/kernel/',
          '^src/[^/]+/index\\.ts$',
          'node_modules/@nestjs/common/',
          CRYPTO,
        ],
      },
    },
    {
      name: 'public-api-only',
      comment: 'Import another module only through its index.ts: export what you need there.',
      severity: 'error',
      from: { path: MODULE },
      to: { path: MODULE, pathNot: ['^src/$1/', '^src/[^/]+/index(\\.in-memory)?\\.ts$'] },
    },
    {
      name: 'public-api-only-from-the-entry-points',
      comment: 'web.ts, worker.ts and the other entry points use only the public API of modules.',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: MODULE, pathNot: '^src/[^/]+/index\\.ts$' },
    },
    {
      name: 'no-own-public-api',
      comment: 'Inside a module import the file itself: its own index.ts makes cycles.',
      severity: 'error',
      from: { path: MODULE },
      to: { path: '^src/$1/index\\.ts$' },
    },
    ...moduleOrder,
    {
      name: 'a-new-module-joins-the-table',
      comment: 'No rule would hold for a module that MAY_USE does not name: add it to the table.',
      severity: 'error',
      from: { path: MODULE, pathNot: `^src/(${Object.keys(MAY_USE).join('|')})/` },
      to: {},
    },
    {
      name: 'modules-know-no-entry-point',
      comment: 'Entry points import modules, never the reverse.',
      severity: 'error',
      from: { path: MODULE },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'libs-know-no-module',
      comment: 'Libs know no module: take what is needed as an argument, or declare a port.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^src/' },
    },
    {
      name: 'kernel-is-pure',
      comment: 'Every domain imports libs/kernel, so it may import only itself and node:crypto.',
      severity: 'error',
      from: { path: '^libs/kernel/', pathNot: SPEC },
      to: { pathNot: ['^libs/kernel/', CRYPTO] },
    },
    {
      name: 'no-index-in-libs',
      comment: 'Import the file, `#libs/<folder>/<file>`: an index loads all of a folder to use one thing of it.',
      severity: 'error',
      from: {},
      to: { path: '^libs/.*/index\\.ts$' },
    },
    {
      name: 'product-knows-no-test',
      comment: 'The product must not import tests, in-memory adapters, scripts or development packages.',
      severity: 'error',
      from: { path: '^(src|libs)/', pathNot: SPEC },
      to: { path: [SPEC, '^(test|scripts|tools)/'] },
    },
    {
      name: 'no-development-package-in-the-product',
      comment: '`npm ci --omit=dev` leaves this package out and the image would not start: move it to dependencies.',
      severity: 'error',
      from: { path: '^(src|libs)/', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm', 'npm-optional'] },
    },
    {
      name: 'every-package-in-package-json',
      comment: 'This package is installed only as a dependency of another one: add it to package.json.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'every-import-is-found',
      comment: 'Nothing stands at this path. Relative imports end in .js, those of libs read #libs/<folder>/<file>.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports it and it imports nothing: delete it, or use it.',
      severity: 'error',
      from: { orphan: true, pathNot: [SPEC, '^src/[^/]+\\.ts$', '\\.child\\.ts$', '\\.d\\.ts$', '/migrations/'] },
      to: {},
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    // AssemblyScript, which is compiled by asc and follows other rules of import.
    exclude: { path: '\\.kernel\\.ts$' },
    // Without the `source` condition `#libs/…` leads into dist/, or nowhere before a build, and the rules above sleep.
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'default', 'types'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.js'],
    },
  },
};
