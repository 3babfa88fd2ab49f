/**
 * Jest loads CommonJS, the product and many of its packages are ES modules. This transformer lets SWC turn our TypeScript
 * and the ESM-only packages into CommonJS and hands every other package back untouched, which is what keeps a cold run
 * short. `import()` in CommonJS packages (avvio, so Fastify's boot) needs it as well: Jest refuses dynamic imports.
 *
 * SWC does not run the swagger plugin: tests about the OpenAPI document must drive the built `dist/`.
 */
const { createHash } = require('node:crypto');
const { sep } = require('node:path');
const { createTransformer } = require('@swc/jest');

const options = {
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2023',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
};
const swc = createTransformer(options);
const FINGERPRINT = JSON.stringify([options, require('@swc/core/package.json').version, process.version]);

const NEEDS_CONVERTING = /^\s*(?:import[\s{*'"]|export[\s{*])|\bimport\.meta\b|\bimport\s*\(/m;
const isPackage = (file) => file.includes(`${sep}node_modules${sep}`);

module.exports = {
  canInstrument: swc.canInstrument,
  getCacheKey: (source, file, { instrument }) =>
    createHash('sha256')
      .update(JSON.stringify([FINGERPRINT, file, Boolean(instrument)]))
      .update(source)
      .digest('hex'),
  process: (source, file, request) =>
    isPackage(file) && !NEEDS_CONVERTING.test(source) ? { code: source } : swc.process(source, file, request),
};
