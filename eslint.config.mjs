/**
 * Rules that the compiler does not check. Prettier checks the formatting, dependency-cruiser the imports between files
 * (.dependency-cruiser.cjs), and knip finds unused code.
 */
import eslint from '@eslint/js';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const SPECS = ['**/*.spec.ts', '**/*.in-memory.ts', '**/*.built-spec.ts', 'test/**'];
const NODE = [
  'process console Buffer URL URLSearchParams fetch Response AbortController AbortSignal performance WebSocket WebAssembly TextDecoder',
  'TextEncoder setTimeout clearTimeout setInterval clearInterval setImmediate structuredClone queueMicrotask',
].flatMap((names) => names.split(' '));
const COMMONJS = ['module', 'require', 'exports', '__dirname', '__filename'];
/** Settings of `no-restricted-syntax`; a later block replaces those of an earlier one, so each names all that hold for its files. */
const READS_ENVIRONMENT = [
  {
    // PATH is no setting: a child process that is given nothing else still needs it.
    selector: ":not(MemberExpression[property.name='PATH']) > MemberExpression[object.name='process'][property.name='env']",
    message: 'Only libs/config reads the environment: add the variable to VARIABLES there and inject Config.',
  },
  {
    selector: "ImportDeclaration[source.value=/^(node:)?process$/] ImportSpecifier[imported.name='env']",
    message: 'Only libs/config reads the environment: add the variable to VARIABLES there and inject Config.',
  },
];
const SIX_COLLABORATORS = {
  selector: "MethodDefinition[kind='constructor'] > FunctionExpression[params.length>5]",
  message: 'A constructor with more than five parameters serves two purposes: split the class.',
};
/** To be emptied: the rendering module follows with its new layout. */
const SIX_COLLABORATORS_STILL = ['src/rendering/**'];
const known = (names) => Object.fromEntries(names.map((name) => [name, 'readonly']));

export default tseslint.config(
  {
    name: 'not ours to check',
    ignores: [
      'dist/**',
      'dist-*/**',
      'coverage/**',
      '.cache/**',
      '.inkreel/**',
      'test/architecture/broken/**',
      'test/client/**',
      '**/*.kernel.ts',
    ],
  },
  // A rule that is wrong for one line is wrong here: no comment switches it off.
  { linterOptions: { noInlineConfig: true } },
  eslint.configs.recommended,

  {
    name: 'every file',
    rules: {
      'max-lines': ['warn', { max: 300, skipBlankLines: true, skipComments: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      // Text is our subject: ideographic spaces and joiners belong into strings and, escaped, into patterns.
      'no-irregular-whitespace': ['error', { skipStrings: true, skipTemplates: true, skipRegExps: true, skipComments: true }],
      'no-misleading-character-class': ['error', { allowEscape: true }],
    },
  },

  {
    name: 'scripts and settings, in plain JavaScript',
    files: ['**/*.{mjs,cjs,js}'],
    languageOptions: { globals: known(NODE) },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] },
  },
  { name: 'CommonJS', files: ['**/*.cjs'], languageOptions: { globals: known([...NODE, ...COMMONJS, 'jest']) } },

  {
    name: 'TypeScript, with types',
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Not consistent-type-imports: it would turn a class that Nest injects into a type, and the app would not start.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // A method may be async because its port is.
      '@typescript-eslint/require-await': 'off',
      // Nest's modules are classes without a body.
      '@typescript-eslint/no-extraneous-class': 'off',
    },
  },

  {
    name: 'what ships',
    files: ['src/**/*.ts', 'libs/**/*.ts'],
    ignores: SPECS,
    rules: {
      // Bound to the logger, so that lines are JSON, redacted and of the level that was asked for.
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...READS_ENVIRONMENT, SIX_COLLABORATORS],
    },
  },
  {
    name: 'more than five collaborators, still',
    files: SIX_COLLABORATORS_STILL,
    ignores: SPECS,
    rules: { 'no-restricted-syntax': ['error', ...READS_ENVIRONMENT] },
  },
  {
    name: 'the one that reads it',
    files: ['libs/config/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', SIX_COLLABORATORS] },
  },
  {
    name: 'use cases take of Nest no more than being injected',
    files: ['src/*/application/**/*.ts'],
    ignores: SPECS,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@nestjs/common',
              allowImportNames: ['Injectable'],
              message: 'What a request, a status code or a logger is, infrastructure knows.',
            },
          ],
        },
      ],
    },
  },

  {
    name: 'tests reach for what they test',
    files: SPECS,
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  prettier,
);
