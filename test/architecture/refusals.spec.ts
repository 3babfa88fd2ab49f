/**
 * Programs compare the code of a refusal, so a code that changes breaks clients. The snapshot lists every code that the
 * API can answer with. After adding a refusal: `npx jest --selectProjects architecture -t "every code" -u`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { classesIn, refusalsIn } from './refusal-codes.js';

const ROOT = resolve(import.meta.dirname, '../..');
/** Describes refusals for the OpenAPI document; it raises none. */
const DESCRIPTIONS = 'libs/http/openapi-refusals.ts';
const sources = ['libs', 'src']
  .flatMap(filesIn)
  .filter((path) => path !== DESCRIPTIONS)
  .map((path) => ({ path, source: readFileSync(join(ROOT, path), 'utf8') }));
const bases = refusalClasses(sources);
const reports = sources.map(({ path, source }) => refusalsIn(path, source, bases));
const refusals = reports.flatMap((report) => report.refusals);

it('gives every refusal class an explicit code', () => {
  expect(reports.flatMap((report) => report.withoutCode)).toEqual([]);
});

it('writes every code in kebab-case', () => {
  expect(refusals.map(({ code }) => code).filter((code) => !/^[a-z]+(-[a-z]+)*$/.test(code))).toEqual([]);
});

it('gives no two classes the same code', () => {
  const codes = refusals.filter((refusal) => refusal.class).map(({ code }) => code);
  expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
});

it('keeps every code', () => {
  const kinds = new Map<string, Set<string>>();
  for (const { code, kind } of refusals) kinds.set(code, (kinds.get(code) ?? new Set()).add(kind));
  const lines = [...kinds].map(([code, found]) => `${code}: ${[...found].sort().join(', ')}`).sort();
  expect(lines.join('\n')).toMatchSnapshot('every code');
});

it('sees a class without a code, of whatever depth, and a code at the edge', () => {
  const source = `
    class Nameless extends DomainError { readonly kind = 'gone'; }
    class Deeper extends Nameless { readonly code = 'deeper'; }
    const refused = new BadRequest('too-odd', 'Send it evenly.', {}, 410);
  `;
  const report = refusalsIn('src/odd.ts', source, refusalClasses([{ path: 'src/odd.ts', source }]));
  expect(report).toEqual({
    withoutCode: ['src/odd.ts: Nameless'],
    refusals: [
      { code: 'deeper', kind: 'as its base', class: 'Deeper' },
      { code: 'too-odd', kind: '410' },
    ],
  });
});

/** @returns the names of all classes that descend from DomainError, itself included. */
function refusalClasses(files: { path: string; source: string }[]): Set<string> {
  const extended = new Map(files.flatMap(({ path, source }) => [...classesIn(path, source)]));
  const isRefusal = (name: string): boolean => name === 'DomainError' || (extended.has(name) && isRefusal(extended.get(name)!));
  return new Set(['DomainError', ...[...extended.keys()].filter(isRefusal)]);
}

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesIn(path);
    return /(?<!\.spec)\.ts$/.test(entry.name) ? [path] : [];
  });
}
