/** What somebody may see is decided by a policy or by the SQL functions of `visible_…`: a view that compares owners is a second home. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { sqlStrings } from './sql-strings.js';

const ROOT = resolve(import.meta.dirname, '../..');
const OWNER = /\b(owner_id|author_id|requested_by)\s*(=|IS NOT DISTINCT FROM)\s*\$\d/i;

const comparisons = (path: string, source: string): string[] =>
  sqlStrings(path, source).flatMap(({ sql, line }) => (OWNER.test(sql) ? [`${path}:${line}`] : []));

/** Repositories find what they change by its owner, for quotas; migrations define the functions. */
const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
  (path) => /\/infrastructure\/(?!migrations\/)(?!typeorm-).*\.ts$/.test(path) && !path.endsWith('spec.ts'),
);

it('no view compares an owner or author with who asks', () => {
  expect(files.length).toBeGreaterThan(40);
  expect(files.flatMap((path) => comparisons(`src/${path}`, readFileSync(join(ROOT, 'src', path), 'utf8')))).toEqual([]);
});

it.each([
  'SELECT id FROM chapters.work w WHERE w.owner_id = $2',
  "SELECT CASE WHEN c.author_id = $1 THEN c.title ELSE '' END FROM chapters.chapter c",
])('one that does is found: %s', (sql) => {
  const view = `class Views { find() { return this.transaction.query(${JSON.stringify(sql)}, []); } }`;
  expect(comparisons('src/chapters/infrastructure/work-views.ts', view)).toHaveLength(1);
});
