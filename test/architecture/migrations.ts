/**
 * Whether migrations can be rolled out and back: after a release, what breaks the release before waits for a `contract` file one
 * release later (docs/decisions/0018).
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { sqlStrings } from './sql-strings.js';

/** Sources of migrations by their paths. */
export type Migrations = ReadonlyMap<string, string>;

const MIGRATION = /(^|\/)migrations\/\d{13}-[\w-]+\.ts$/;

/** What breaks clients of the older schema, as Squawk and strong_migrations define it; `$table` is a table of an earlier file. */
const BREAKING: readonly (readonly [name: string, statement: RegExp])[] = [
  ['drops a thing', /^DROP\s+(TABLE|SCHEMA|VIEW|FUNCTION|TYPE|SEQUENCE|EXTENSION)\b/i],
  ['drops a column', /^ALTER TABLE\b.*\bDROP\s+(?!CONSTRAINT\b|DEFAULT\b|NOT NULL\b)/i],
  ['renames', /^ALTER\b.*\bRENAME\b/i],
  ['changes a type', /^ALTER TABLE\b.*\bALTER\s+(COLUMN\s+)?\S+\s+(SET DATA\s+)?TYPE\b/i],
  ['sets NOT NULL', /^ALTER TABLE\b.*\bSET NOT NULL\b/i],
  ['adds a required column', /^ALTER TABLE\b.*\bADD\s+(COLUMN\s+)?(?!CONSTRAINT\b)(?=[^,]*\bNOT NULL\b)(?![^,]*\bDEFAULT\b)/i],
  ['adds a constraint', /^ALTER TABLE\b.*\bADD\s+(CONSTRAINT\b|CHECK\b|UNIQUE\b|FOREIGN KEY\b|PRIMARY KEY\b)/i],
  ['adds a unique index', /^CREATE UNIQUE INDEX\b/i],
];

/** @returns what is wrong, one line for each */
export function checkMigrations(released: Migrations, present: Migrations): string[] {
  const problems: string[] = [];
  for (const [path, source] of released)
    if (present.get(path) !== source)
      problems.push(`${path}: a released migration was ${present.has(path) ? 'edited' : 'removed'}`);
  const steps = new Set([...released.keys()].map(whatOf));
  for (const [path, source] of present) {
    if (released.has(path)) continue;
    const what = whatOf(path);
    if (!what.startsWith('contract-')) problems.push(...breaking(path, source).map((fault) => `${path}: ${fault}`));
    else if (!steps.has(what.replace('contract-', '')))
      problems.push(`${path}: its first step, …-${what.replace('contract-', '')}.ts, is in no release yet`);
  }
  return problems;
}

const whatOf = (path: string): string => basename(path, '.ts').slice(14);

function breaking(path: string, source: string): string[] {
  const statements = sqlStrings(path, source).flatMap(({ sql }) => statementsOf(sql));
  const own = new Set(statements.flatMap((sql) => /^CREATE TABLE (?:IF NOT EXISTS )?(\S+)/i.exec(sql)?.[1] ?? []));
  return statements.flatMap((sql) => {
    const table = /^(?:ALTER TABLE (?:IF EXISTS )?(?:ONLY )?|CREATE UNIQUE INDEX .*? ON (?:ONLY )?)([\w.]+)/i.exec(sql)?.[1];
    if (table && own.has(table)) return [];
    return BREAKING.filter(([, statement]) => statement.test(sql)).map(([name]) => `${name}: ${sql.slice(0, 100)}`);
  });
}

/** Without comments, bodies of functions and texts, each on one line. */
function statementsOf(sql: string): string[] {
  const bare = sql
    .replace(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''")
    .replace(/'(?:[^']|'')*'/g, "''")
    .replace(/--.*$/gm, '');
  return bare.split(';').flatMap((statement) => statement.replace(/\s+/g, ' ').trim() || []);
}

/** The newest release tag that is part of HEAD; undefined before the first release. */
export function newestRelease(root: string): string | undefined {
  return git(root, 'tag', '--merged', 'HEAD', '--sort=-version:refname', '--list', 'v*').split('\n')[0] || undefined;
}

export function migrationsOf(root: string, tag: string): Migrations {
  const paths = git(root, '-c', 'core.quotePath=off', 'ls-tree', '-r', '--name-only', tag).split('\n');
  return new Map(paths.filter((path) => MIGRATION.test(path)).map((path) => [path, git(root, 'show', `${tag}:${path}`)]));
}

export function migrationsIn(root: string, folders: readonly string[] = ['src', 'libs']): Migrations {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path).split(sep).join('/')),
  );
  return new Map(paths.filter((path) => MIGRATION.test(path)).map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

const git = (root: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'ignore'] });
