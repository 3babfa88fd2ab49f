/** The whole module graph: a module and the ones it may use. Every boundary below is made from this table. */
const MAY_USE = {
  auth: [],
  chapters: ['auth'],
  comments: ['auth', 'chapters'],
  rendering: ['auth', 'chapters', 'comments'],
};

/**
 * Who may import whom. `npm run architecture` runs these rules over the tree, and over test/architecture/broken, where each
 * of them has a file that breaks it: a rule nobody has seen fail guards nothing. The `comment` says what to do instead.
 */
const MODULE = '^src/([^/]+)/';
const SPEC = '\\.(spec|built-spec)\\.ts$';
const CRYPTO = '^(node:)?crypto$';

const moduleOrder = Object.entries(MAY_USE).map(([module, others]) => ({
  name: `${module}-uses-only-${others.join('-and-') || 'itself'}`,
  comment: 'MAY_USE says which modules this one may ask. If the other one must know, publish a fact and let it react.',
  severity: 'error',
  from: { path: `^src/${module}/` },
  to: { path: MODULE, pathNot: [module, ...others].map((name) => `^src/${name}/`) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Neither file can be read or tested without the other: move what both need into a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'domain-is-pure',
      comment: 'The domain knows itself, libs/kernel and node:crypto; no framework, no database, no other layer or module.',
      severity: 'error',
      from: { path: '^src/([^/]+)/domain/', pathNot: SPEC },
      to: { pathNot: ['^src/$1/domain/', '^libs/kernel/', CRYPTO] },
    },
    {
      name: 'application-knows-no-technology',
      comment: 'Use cases know their domain, libs/kernel, other modules by the front door, and Nest only for Injectable.',
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
      name: 'front-door-only',
      comment: "A module is entered by its index.ts and nowhere else: ask the other module's owner to offer it there.",
      severity: 'error',
      from: { path: MODULE },
      to: { path: MODULE, pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'front-door-only-from-the-entry-points',
      comment: 'web.ts, worker.ts and their like put modules together; they see what everyone may see.',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: MODULE, pathNot: '^src/[^/]+/index\\.ts$' },
    },
    {
      name: 'no-own-front-door',
      comment: 'Inside a module import the file itself: going through the front door makes cycles.',
      severity: 'error',
      from: { path: MODULE },
      to: { path: '^src/$1/index\\.ts$' },
    },
    ...moduleOrder,
    {
      name: 'a-new-module-joins-the-table',
      comment: 'A folder of src that MAY_USE does not name would be bound by no order: add it to the table.',
      severity: 'error',
      from: { path: MODULE, pathNot: `^src/(${Object.keys(MAY_USE).join('|')})/` },
      to: {},
    },
    {
      name: 'modules-know-no-entry-point',
      comment: 'Modules are put together by web.ts, worker.ts and their like, never the other way round.',
      severity: 'error',
      from: { path: MODULE },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'libs-know-no-module',
      comment: 'A lib is of use to any program: what it needs from a module it takes as an argument or declares as a port.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^src/' },
    },
    {
      name: 'kernel-is-pure',
      comment: 'Every domain imports libs/kernel, so it may hold nothing a domain may not: itself and node:crypto.',
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
      comment: 'What ships may not lean on tests, scripts or packages that are only installed for development.',
      severity: 'error',
      from: { path: '^(src|libs)/', pathNot: SPEC },
      to: { path: [SPEC, '^(test|scripts)/'] },
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
      comment: 'It is here only because another package brought it, and may be gone tomorrow: name it in package.json.',
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
