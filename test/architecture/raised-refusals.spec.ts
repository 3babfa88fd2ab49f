/**
 * Every refusal that a use case may answer with is raised in a spec of a use case or of the domain. A refusal class that `domain/`,
 * `application/` or libs/kernel declares and only infrastructure raises is listed here with the test that raises it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { namesIn } from './raised-refusals.js';
import { classesIn, type Refusal, refusalsIn } from './refusal-codes.js';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Code → the test that raises it: no use case does. */
const RAISED_ELSEWHERE: Record<string, string> = {
  'film-not-shown': 'test/films/fair.films-spec.ts',
  'no-room': 'src/rendering/infrastructure/troubles.spec.ts',
  'storage-quota-exceeded': 'test/e2e/images.e2e-spec.ts',
};

const LAYER = /^(src\/[^/]+\/(domain|application)|libs\/kernel)\//;

const files = ['libs', 'src'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path}`),
);
const extended = new Map(files.flatMap((path) => [...classesIn(path, read(path))]));
const isRefusal = (name: string): boolean => name === 'DomainError' || (extended.has(name) && isRefusal(extended.get(name)!));
const bases = new Set(['DomainError', ...[...extended.keys()].filter(isRefusal)]);
const classes = files
  .filter((path) => LAYER.test(path) && !path.endsWith('.spec.ts'))
  .flatMap((path) => refusalsIn(path, read(path), bases).refusals)
  .filter((refusal) => refusal.class);
const specs = files.filter((path) => LAYER.test(path) && path.endsWith('.spec.ts'));

/** @returns the codes of those that no file names. */
function unseen(refusals: readonly Refusal[], sources: readonly { path: string; source: string }[]): string[] {
  const named = new Set(sources.flatMap(({ path, source }) => [...namesIn(path, source)]));
  return refusals.filter(({ code, class: name }) => !named.has(code) && !named.has(name!)).map(({ code }) => code);
}

it('raises every refusal in a spec of a use case or of the domain, but those that are listed', () => {
  const missing = unseen(
    classes,
    specs.map((path) => ({ path, source: read(path) })),
  );
  expect(classes.length).toBeGreaterThan(60);
  expect(missing.sort()).toEqual(Object.keys(RAISED_ELSEWHERE).sort());
});

it('names for each exception a test that raises it', () => {
  const naming = Object.entries(RAISED_ELSEWHERE).filter(([code, path]) => {
    const refusal = classes.find((one) => one.code === code)!;
    return [code, refusal.class!].some((name) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`).test(read(path)));
  });
  expect(naming).toEqual(Object.entries(RAISED_ELSEWHERE));
});

it('sees a refusal that a spec imports and never expects', () => {
  const refusal = { code: 'lamp-out', kind: 'conflict', class: 'LampOut' };
  const spec = (source: string): string[] => unseen([refusal], [{ path: 'src/lamp.spec.ts', source }]);
  expect(spec(`import { LampOut } from './lamp.js';`)).toEqual(['lamp-out']);
  expect(spec(`import { LampOut } from './lamp.js'; expect(light).toThrow(LampOut);`)).toEqual([]);
  expect(spec(`await expect(light()).rejects.toMatchObject({ code: 'lamp-out' });`)).toEqual([]);
});
