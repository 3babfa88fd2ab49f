/** Modules share ids, not joins or foreign keys: no SQL of a module names a table of another. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { checkSchemas, MODULES } from './schemas.js';

const ROOT = resolve(import.meta.dirname, '../..');
const VIEW = 'src/comments/infrastructure/thread.view.ts';

/** @returns what is wrong with a view of comments that asks this, in one line a problem. */
const problems = (sql: string, path = VIEW): string[] =>
  checkSchemas(path, `const rows = manager.query(${JSON.stringify(sql)});`).problems.map((line) =>
    line.replace(/^[^:]+:\d+: /, ''),
  );

describe('this tree', () => {
  const reports = [...filesIn('src'), ...filesIn('libs')].map((path) =>
    checkSchemas(path, readFileSync(join(ROOT, path), 'utf8')),
  );
  const sum = (count: 'statements' | 'entities'): number => reports.reduce((total, report) => total + report[count], 0);

  it('keeps every statement and row within the schemas of its owner', () => {
    expect(reports.flatMap((report) => report.problems)).toEqual([]);
  });

  it('was really read: there are statements and rows in it', () => {
    expect(sum('statements')).toBeGreaterThan(20);
    expect(sum('entities')).toBeGreaterThan(5);
  });
});

describe("another module's table is seen", () => {
  it.each([
    ['in FROM', 'SELECT id FROM chapters.chapter'],
    ['in a join', 'SELECT t.id FROM comments.thread t JOIN chapters.chapter c ON c.id = t.chapter'],
    ['in a list', 'SELECT t.id FROM comments.thread t, chapters.chapter c'],
    ['in a subquery', 'SELECT id FROM comments.thread WHERE EXISTS (SELECT 1 FROM chapters.chapter)'],
    ['in a fragment', 'JOIN chapters.chapter c ON c.id = t.chapter'],
    ['in quotes', 'SELECT "chapters"."chapter"."id" FROM "chapters"."chapter"'],
    ['in lower case', 'select id from chapters.chapter'],
    ['in INSERT', 'INSERT INTO chapters.chapter (id) VALUES ($1)'],
    ['in UPDATE', 'UPDATE chapters.chapter SET title = $1'],
    ['in DELETE … USING', 'DELETE FROM comments.thread t USING chapters.chapter c WHERE c.id = t.chapter'],
    ['in a foreign key', 'CREATE TABLE comments.thread (chapter uuid REFERENCES chapters.chapter)'],
    ['in an index', 'CREATE INDEX chapter_title ON chapters.chapter (title)'],
    ['in a trigger', 'CREATE TRIGGER t AFTER UPDATE ON chapters.chapter EXECUTE FUNCTION comments.catch_up()'],
    ['in a function it calls', 'SELECT chapters.bigrams(body) FROM comments.comment'],
    ['as a constant of type regclass', "SELECT 'chapters.chapter'::regclass"],
    [
      'in the body of a function',
      'CREATE FUNCTION comments.f() RETURNS int AS $$ SELECT 1 FROM chapters.chapter $$ LANGUAGE sql',
    ],
  ])('%s', (_, sql) => {
    expect(problems(sql)).toContainEqual(expect.stringMatching(/^names chapters\.\w+, but its schemas are: comments\./));
  });

  it('in a template, with the constants of the file filled in', () => {
    const source = "const CHAPTERS = 'chapters.chapter'; manager.query(`SELECT ${columns} FROM ${CHAPTERS} c`);";
    expect(checkSchemas(VIEW, source).problems).toEqual([expect.stringContaining('names chapters.chapter')]);
  });

  it('in strings put together with +', () => {
    const source = "manager.query('SELECT id ' + 'FROM chap' + 'ters.chapter');";
    expect(checkSchemas(VIEW, source).problems).toEqual([expect.stringContaining('names chapters.chapter')]);
  });

  it("in the query builder's joins", () => {
    const source = "repository.createQueryBuilder('t').innerJoin('chapters.chapter', 'c', 'c.id = t.chapter');";
    expect(checkSchemas(VIEW, source).problems).toEqual([expect.stringContaining('names chapters.chapter')]);
  });

  it('and the line it stands on is told', () => {
    const source = '\n\nmanager.query(`\n  SELECT id FROM chapters.chapter`);';
    expect(checkSchemas(VIEW, source).problems).toEqual([expect.stringContaining(`${VIEW}:3: names chapters.chapter`)]);
  });
});

describe('who owns what', () => {
  it("a module may not touch the libs' tables", () => {
    expect(problems('SELECT head FROM live.stream')).toEqual([expect.stringContaining('names live.stream')]);
    expect(problems('INSERT INTO events.event (id) VALUES ($1)')).toEqual([expect.stringContaining('names events.event')]);
  });

  it("libs may touch their own tables and no module's", () => {
    expect(problems('SELECT 1 FROM events.event e JOIN live.stream s ON true', 'libs/operations/outbox.view.ts')).toEqual([]);
    expect(problems('SELECT 1 FROM auth.account', 'libs/http/who.ts')).toEqual([expect.stringContaining('names auth.account')]);
  });

  it('entry points own no table at all', () => {
    expect(problems('SELECT 1 FROM auth.account', 'src/web.ts')).toEqual([expect.stringContaining('names auth.account')]);
  });

  it('schemas are made and granted by their owner', () => {
    expect(problems('CREATE SCHEMA IF NOT EXISTS comments')).toEqual([]);
    expect(problems('CREATE SCHEMA IF NOT EXISTS chapters')).toEqual([expect.stringContaining('touches the schema chapters')]);
    expect(problems('drop schema chapters')).toEqual([expect.stringContaining('touches the schema chapters')]);
  });

  it('a row says in which schema it lives, and it is its own', () => {
    const row = (given: string): string[] =>
      checkSchemas('src/comments/infrastructure/thread.row.ts', `@Entity(${given}) class R {}`).problems;
    expect(row("{ schema: 'comments', name: 'thread' }")).toEqual([]);
    expect(row("'thread', { schema: 'comments' }")).toEqual([]);
    expect(row("'thread'")).toEqual([expect.stringContaining('@Entity has no schema')]);
    expect(row("{ schema: 'chapters', name: 'chapter' }")).toEqual([expect.stringContaining('@Entity lives in chapters')]);
  });
});

describe('a table without a schema is seen', () => {
  it.each([
    ['SELECT id FROM thread'],
    ['SELECT t.id FROM comments.thread t JOIN reply r ON r.thread = t.id'],
    ['SELECT t.id FROM comments.thread t LEFT JOIN LATERAL (SELECT 1 FROM reply) r ON true'],
    ['SELECT t.id FROM comments.thread t, reply r'],
    ['INSERT INTO thread (id) VALUES ($1)'],
    ['UPDATE thread SET head = $1'],
    ['UPDATE ONLY thread SET head = $1'],
    ['DELETE FROM thread'],
    ['WITH gone AS (DELETE FROM thread RETURNING id) SELECT id FROM gone'],
    ['CREATE TABLE IF NOT EXISTS thread (id uuid)'],
    ['CREATE UNIQUE INDEX thread_place ON thread (place)'],
    ['CREATE TABLE comments.reply (thread uuid REFERENCES thread (id))'],
    ['ALTER TABLE thread ADD COLUMN place int'],
    ['DROP INDEX IF EXISTS thread_place'],
    ['TRUNCATE thread'],
    ['CREATE FUNCTION catch_up() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql'],
  ])('%s', (sql) => {
    expect(problems(sql)).toEqual([expect.stringMatching(/^names \w+ without a schema: write comments\.\w+\.$/)]);
  });

  it('and so is a search_path, which would hide it', () => {
    expect(problems('SET search_path TO comments')).toEqual([expect.stringContaining('sets search_path')]);
  });
});

describe('good SQL is left alone', () => {
  it.each([
    [
      'a CTE',
      'WITH RECURSIVE tree (id) AS (SELECT id FROM comments.thread), top AS (SELECT 1 FROM tree) SELECT id FROM tree, top',
    ],
    ['functions that give rows', 'SELECT * FROM unnest($1::uuid[], $2::text[]) AS t(id, body), generate_series(1, 3) n'],
    ['FROM within functions', "SELECT EXTRACT(epoch FROM at), trim(both ' ' FROM body) FROM comments.comment"],
    ['IS DISTINCT FROM', 'SELECT id FROM comments.thread WHERE reached IS DISTINCT FROM head'],
    ['locks', 'SELECT id FROM comments.thread t WHERE id = $1 ORDER BY a, b FOR UPDATE OF t SKIP LOCKED'],
    [
      'upserts',
      'INSERT INTO comments.thread (id) SELECT id FROM comments.old ON CONFLICT (id, n) DO UPDATE SET n = excluded.n, m = 2',
    ],
    [
      'catalogues',
      'SELECT 1 FROM pg_catalog.pg_class c JOIN pg_stat_activity a ON true JOIN information_schema.tables t ON true',
    ],
    [
      'words in comments and constants',
      "SELECT 'chapters.published', 'from thread' -- FROM chapters.chapter\n FROM comments.thread /* JOIN x */",
    ],
    [
      'a table with keys, checks and columns with odd names',
      `CREATE TABLE comments.thread (id uuid PRIMARY KEY, type text, comment text, parent uuid REFERENCES comments.thread (id) ON DELETE CASCADE);
       ALTER TABLE comments.thread ADD COLUMN index int, ALTER COLUMN type TYPE int USING type::int, DROP COLUMN comment`,
    ],
    [
      'a trigger with transition tables',
      `CREATE TRIGGER counted AFTER INSERT OR UPDATE OF body ON comments.comment REFERENCING NEW TABLE AS fresh
       FOR EACH STATEMENT EXECUTE FUNCTION comments.count(); SELECT id FROM fresh`,
    ],
    ['PL/pgSQL', 'DO $$ BEGIN SELECT id INTO found FROM comments.thread; IF NOT FOUND THEN RETURN; END IF; END $$'],
  ])('%s', (_, sql) => {
    expect(problems(sql)).toEqual([]);
  });

  it('prose and other strings are no SQL', () => {
    const source = `
      throw new Error('Select a chapter from the list, or update it: chapters.chapter is read only.');
      const scopes = ['chapters.write', 'live.listen']; const queue = 'events.chapters';
      emit('chapters.published', { from: 'auth.account' });
      const from = Buffer.from('chapters work');`;
    expect(checkSchemas(VIEW, source)).toEqual({ problems: [], statements: 0, entities: 0 });
  });

  it('what an unknown expression may define is not guessed', () => {
    expect(checkSchemas(VIEW, 'manager.query(`${visible} SELECT id FROM visible`);').problems).toEqual([]);
    expect(checkSchemas(VIEW, 'manager.query(`SELECT id FROM comments.${table}`);').problems).toEqual([]);
  });
});

/** Sources that ship: specs may say what they like. */
function filesIn(folder: 'src' | 'libs'): string[] {
  const found = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
    join(folder, path).split(sep).join('/'),
  );
  const modules = new Set(found.map((path) => path.split('/')[1]));
  if (folder === 'src' && !MODULES.every((module) => modules.has(module)))
    throw new Error('schemas.ts names a module that is no folder of src.');
  return found.filter((path) => path.endsWith('.ts') && !/\.(spec|built-spec|kernel|d)\.ts$/.test(path));
}
