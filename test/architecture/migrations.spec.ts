/** Migrations after a release only expand; what breaks the release before comes one release later (docs/decisions/0018). */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkMigrations, migrationsIn, migrationsOf, newestRelease } from './migrations.js';

const ROOT = resolve(import.meta.dirname, '../..');
const BROKEN = join(import.meta.dirname, 'broken');
const FOLDER = 'src/chapters/infrastructure/migrations';
const file = (what: string, sql: string): [string, string] => [`${FOLDER}/${what}.ts`, `query(${JSON.stringify(sql)})`];
const BASELINE = file('1700000000000-baseline', 'CREATE TABLE chapters.work (id uuid PRIMARY KEY, cover text)');

it('this tree can be rolled out beside the newest release, and back', () => {
  const present = migrationsIn(ROOT);
  expect(present.size).toBeGreaterThanOrEqual(8);
  const release = newestRelease(ROOT);
  if (release) expect(checkMigrations(migrationsOf(ROOT, release), present)).toEqual([]);
});

describe('the planted breach', () => {
  const planted = migrationsIn(BROKEN, ['src']);

  it('shows every kind of breaking statement, and a contract without its first step', () => {
    const found = checkMigrations(new Map(), planted).map((line) =>
      line.replace(/^.*\d{13}-([a-z-]+)\.ts: ([^:]*).*$/, '$1: $2'),
    );
    expect(found).toEqual([
      'breaks-the-release-before: drops a thing',
      'breaks-the-release-before: drops a column',
      'breaks-the-release-before: renames',
      'breaks-the-release-before: changes a type',
      'breaks-the-release-before: sets NOT NULL',
      'breaks-the-release-before: adds a required column',
      'breaks-the-release-before: adds a constraint',
      'breaks-the-release-before: adds a unique index',
      'contract-what-nobody-released: its first step, …-what-nobody-released.ts, is in no release yet',
    ]);
  });

  it('is found from the first release tag on', () => {
    const clone = mkdtempSync(join(tmpdir(), 'inkreel-release-'));
    const git = (...args: string[]): unknown =>
      execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], { cwd: clone, stdio: 'ignore' });
    try {
      mkdirSync(join(clone, FOLDER), { recursive: true });
      writeFileSync(join(clone, BASELINE[0]), BASELINE[1]);
      git('init', '-q');
      git('add', '-A');
      git('commit', '-qm', 'feat: the first version');
      expect(newestRelease(clone)).toBeUndefined();
      git('tag', 'v0.9.0');
      git('tag', 'v0.10.0');
      expect(newestRelease(clone)).toBe('v0.10.0');
      const released = migrationsOf(clone, 'v0.10.0');
      expect(checkMigrations(released, migrationsIn(clone, ['src']))).toEqual([]);
      cpSync(join(BROKEN, FOLDER), join(clone, FOLDER), { recursive: true });
      expect(checkMigrations(released, migrationsIn(clone, ['src']))).toHaveLength(9);
    } finally {
      rmSync(clone, { recursive: true, force: true });
    }
  });
});

describe('a released migration', () => {
  it.each([
    ['edited', new Map([[BASELINE[0], BASELINE[1].replace('text', 'bytea')]])],
    ['removed', new Map<string, string>()],
  ])('is not %s', (what, present) => {
    expect(checkMigrations(new Map([BASELINE]), present)).toEqual([expect.stringMatching(`a released migration was ${what}`)]);
  });
});

describe('what expands is left alone', () => {
  it.each([
    ['ALTER TABLE chapters.work ADD COLUMN mood text'],
    ["ALTER TABLE chapters.work ADD COLUMN mood text NOT NULL DEFAULT 'calm'"],
    ['CREATE INDEX CONCURRENTLY work_mood ON chapters.work (mood)'],
    [
      'CREATE TABLE chapters.mood (id uuid); CREATE UNIQUE INDEX mood_id ON chapters.mood (id); ALTER TABLE chapters.mood ADD CHECK (id IS NOT NULL)',
    ],
    ['ALTER TABLE chapters.work ALTER COLUMN cover DROP NOT NULL'],
    ['CREATE FUNCTION chapters.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE chapters.work; END $$'],
  ])('%s', (sql) => {
    expect(checkMigrations(new Map([BASELINE]), new Map([BASELINE, file('1800000000000-mood', sql)]))).toEqual([]);
  });

  it('and so is a contract whose first step is released', () => {
    const first = file('1800000000000-drop-cover', 'ALTER TABLE chapters.work ALTER COLUMN cover DROP NOT NULL');
    const second = file('1800000000001-contract-drop-cover', 'ALTER TABLE chapters.work DROP COLUMN cover');
    expect(checkMigrations(new Map([BASELINE, first]), new Map([BASELINE, first, second]))).toEqual([]);
    expect(checkMigrations(new Map([BASELINE]), new Map([BASELINE, first, second]))).toHaveLength(1);
  });
});
