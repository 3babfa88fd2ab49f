/**
 * `npm run openapi:check`: lints the OpenAPI document of the build with Spectral and Redocly. Any error or warning fails. With `--write
 * <file>` it only writes the document there.
 *
 * Their libraries are used instead of their command line programs, which bring some hundred packages and a version check more.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import spectralCore from '@stoplight/spectral-core';
import spectralRulesets from '@stoplight/spectral-rulesets';

const ROOT = path.resolve(import.meta.dirname, '..');
const { write } = parseArgs({ options: { write: { type: 'string' } } }).values;
const text = read();
if (write) writeFileSync(write, text);
else {
  // a missing example is a dozen faults to the linters: say it once
  const incomplete = withoutExample(JSON.parse(text));
  const faults = incomplete.length ? incomplete : [...(await spectral()), ...(await redocly())];
  for (const fault of faults) console.error(fault);
  if (faults.length) {
    console.error(`\n${faults.length} faults in the OpenAPI document: correct the contract or controller that each names.`);
    process.exitCode = 1;
  } else console.log('Spectral and Redocly: 0 errors, 0 warnings');
}

function read() {
  return execFileSync(process.execPath, [path.join(ROOT, 'dist/src/openapi.js')], { encoding: 'utf8', maxBuffer: 64_000_000 });
}

/** Properties and parameters that have neither an example nor an enum. Those that refer to another schema are composed of its examples. */
function withoutExample({ components, paths }) {
  const isComplete = (schema) =>
    Boolean(schema.$ref ?? schema.enum) ||
    schema.examples?.length > 0 ||
    [schema.items ?? [], schema.anyOf ?? [], schema.allOf ?? []].flat().some(isComplete);
  const properties = Object.entries(components.schemas).flatMap(([name, schema]) =>
    Object.entries(schema.properties ?? {}).map(([property, inner]) => [`${name}.${property}`, inner]),
  );
  const parameters = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters: all = [] }]) =>
      all.map(({ name, schema }) => [`the parameter "${name}" of ${method.toUpperCase()} ${path}`, schema]),
    ),
  );
  return [...properties, ...parameters]
    .filter(([, schema]) => !isComplete(schema))
    .map(
      ([name]) =>
        `${name} has no example: write \`@example …\` into the comment above it, in double quotes when it has blanks (without " and ' within), ` +
        'or describe a path parameter in libs/http/path-parameters.ts.',
    );
}

/** All rules of `spectral:oas`, not only the recommended ones. */
async function spectral() {
  const linter = new spectralCore.Spectral();
  linter.setRuleset({
    extends: [[spectralRulesets.oas, 'all']],
    rules: {
      // the groups stand in reading order, as people meet them in Swagger UI
      'openapi-tags-alphabetical': 'off',
      // OpenAPI 3.1 has the licence's SPDX identifier, and forbids a url beside it
      'license-url': 'off',
      // whoever runs a server of their own is its contact: the document knows no address
      'contact-properties': 'off',
    },
  });
  const found = await linter.run(text);
  return found.map(({ code, message, path: at }) => `spectral ${code}: ${at.join('.')}: ${message}`);
}

async function redocly() {
  const config = await createConfig({ extends: ['recommended'] });
  const found = await lintFromString({ source: text, absoluteRef: path.join(ROOT, 'openapi.json'), config });
  return found.map(({ ruleId, message, location }) => `redocly ${ruleId}: ${location[0]?.pointer}: ${message}`);
}
