/**
 * Which tables and schemas a piece of SQL names. No parser: a walk over its words that knows where Postgres expects a table.
 * It reads fragments too (`JOIN chapters.work w ON …`), since statements are put together from them.
 */
import { HOLE } from './sql-strings.js';

export interface SqlNames {
  /** Every `schema.name`, whether table, function or type; an alias's column reads the same. */
  qualified: { schema: string; name: string }[];
  /** Names without a schema where a table is expected, that the statement does not define itself. */
  unqualified: string[];
  /** Schemas named as such: CREATE SCHEMA x, ON SCHEMA x. */
  schemas: string[];
  setsSearchPath: boolean;
}

const set = (words: string): Set<string> => new Set(words.split(' '));

const STATEMENTS = set('SELECT INSERT UPDATE DELETE MERGE CREATE ALTER DROP TRUNCATE LOCK COMMENT REVOKE');
/** FOR UPDATE, DO UPDATE, ON DELETE CASCADE, BEFORE INSERT OR UPDATE, THEN UPDATE: after these the word is of a clause. */
const BEFORE_A_CLAUSE = set('FOR KEY DO ON OR BEFORE AFTER OF THEN');
const AFTER_A_CLAUSE = set('SET OF ON OR COLUMN');
const OBJECTS = set('TABLE VIEW FUNCTION PROCEDURE SEQUENCE INDEX TYPE TRIGGER');
const BEFORE_AN_OBJECT = set('CREATE ALTER DROP TRUNCATE LOCK ON UNIQUE UNLOGGED MATERIALIZED REPLACE CONSTRAINT');
const BETWEEN_WORD_AND_TABLE = set('ONLY LATERAL IF NOT EXISTS CONCURRENTLY');
const ENDS_A_LIST = set('WHERE SET VALUES GROUP ORDER HAVING LIMIT OFFSET FETCH FOR UNION EXCEPT INTERSECT WINDOW RETURNING');
/** Inside the parentheses of these FROM is part of the arguments: EXTRACT(epoch FROM at). */
const TAKES_FROM = set('EXTRACT SUBSTRING TRIM OVERLAY');

/** In lower case only after its verb, as columns may be called schema. */
const SCHEMA = /\b(?:SCHEMA|(?:create|alter|drop) schema) (?:if (?:not )?exists |IF (?:NOT )?EXISTS )?([a-z_]\w*)/g;

/** What is open at one depth of parentheses. */
interface Level {
  statement: string;
  /** The word before the parenthesis. */
  opener: string;
  /** Whether a comma brings another table. */
  listing: boolean;
  /** An index or trigger is being made, whose table follows ON. */
  awaitsOn: boolean;
}

export function sqlNames(sql: string): SqlNames {
  const words = wordsOf(sql);
  const text = words.join(' ');
  const own = definedIn(text);
  // Where the text begins in a hole a WITH may stand in it, and what that defines cannot be told.
  const tables = words[0] === HOLE ? [] : bareTables(words);
  return {
    qualified: words.flatMap((word, i) =>
      isName(word) && words[i + 1] === '.' && words[i - 1] !== '.' ? [{ schema: word, name: words[i + 2] ?? '' }] : [],
    ),
    unqualified: tables.filter((name) => !own.has(name.toLowerCase()) && !/^pg_/i.test(name)),
    schemas: [...text.matchAll(SCHEMA)].map(([, name]) => name),
    setsSearchPath: /\bsearch_path\b/i.test(text),
  };
}

/** Names, numbers, parameters and punctuation. Comments and constants are gone, but for `'chapters.work'::regclass`. */
function wordsOf(sql: string): string[] {
  const plain = sql
    .replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
    .replace(/'([a-z_]\w*\.[a-z_]\w*)'\s*::\s*reg\w+/g, ' $1 ')
    .replace(/'(?:[^']|'')*'/g, " '' ")
    .replace(/\$[a-z_]*\$/gi, ' ; ')
    .replace(/"([^"]+)"/g, ' $1 ');
  return plain.match(/\u00ab\?\u00bb|[\p{L}_][\p{L}\p{N}_]*|[\p{N}_]+|\S/gu) ?? [];
}

const isName = (word: string | undefined): word is string => word !== undefined && /^[\p{L}_]/u.test(word);

/** WITH x AS (…), CREATE TEMP TABLE x, REFERENCING NEW TABLE AS x. */
function definedIn(text: string): Set<string> {
  const patterns = [
    /([\p{L}_]\w*) (?:\([^()]*\) )?AS (?:NOT )?(?:MATERIALIZED )?\( (?=SELECT|INSERT|UPDATE|DELETE|MERGE|VALUES|WITH|\u00ab)/giu,
    /\bTEMP(?:ORARY)? TABLE (?:IF NOT EXISTS )?([\p{L}_]\w*)/giu,
    /\b(?:NEW|OLD) TABLE AS ([\p{L}_]\w*)/giu,
  ];
  return new Set(patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name]) => name.toLowerCase())));
}

/** The names without a schema at every place where a table (or another thing that lives in a schema) is named. */
function bareTables(words: string[]): string[] {
  const found: string[] = [];
  const opened = (opener: string): Level => ({ statement: '', opener, listing: false, awaitsOn: false });
  let levels = [opened('')];

  /** Reads the table that stands at `at`. @returns whether a comma may bring another. */
  const table = (at: number, mayBeFunction = false): boolean => {
    while (BETWEEN_WORD_AND_TABLE.has(words[at]?.toUpperCase())) at++;
    if (isName(words[at]) && words[at + 1] !== '.' && !(mayBeFunction && words[at + 1] === '(')) found.push(words[at]);
    return true;
  };

  words.forEach((word, i) => {
    const [before, upper, after] = [words[i - 1], word, words[i + 1]].map((each) => each?.toUpperCase() ?? '');
    const level = levels[levels.length - 1];
    if (word === '(') levels.push(opened(before));
    else if (word === ')') levels = levels.length > 1 ? levels.slice(0, -1) : levels;
    else if (word === ';') levels = [opened('')];
    else if (word === ',') level.listing &&= table(i + 1, true);
    else if (before === '.' || after === '.') return;
    else if (STATEMENTS.has(upper) && !BEFORE_A_CLAUSE.has(before) && !AFTER_A_CLAUSE.has(after)) {
      Object.assign(level, { statement: upper, listing: false, awaitsOn: false });
      if (upper === 'UPDATE') table(i + 1);
      if (upper === 'TRUNCATE' && after !== 'TABLE') level.listing = table(i + 1);
    } else if (upper === 'FROM') {
      const isOther = before === 'DISTINCT' || TAKES_FROM.has(level.opener) || level.statement === 'REVOKE' || after === 'STDIN';
      level.listing = !isOther && table(i + 1, true);
    } else if (upper === 'JOIN') table(i + 1, true);
    else if (upper === 'REFERENCES' || (upper === 'INTO' && /^(INSERT|MERGE)$/.test(before))) table(i + 1);
    else if (upper === 'USING' && /^(DELETE|MERGE)$/.test(level.statement)) level.listing = table(i + 1, true);
    else if (upper === 'ON' && level.awaitsOn) level.awaitsOn = !table(i + 1);
    else if (OBJECTS.has(upper) && BEFORE_AN_OBJECT.has(before) && level.statement) {
      // CREATE INDEX x ON t, any TRIGGER x ON t: x lives where t does. All else is named with its schema.
      level.awaitsOn = upper === 'TRIGGER' || (upper === 'INDEX' && level.statement === 'CREATE');
      if (!level.awaitsOn) level.listing = table(i + 1) && /^(DROP|TRUNCATE|LOCK)$/.test(level.statement);
    } else if (ENDS_A_LIST.has(upper)) level.listing = false;
  });
  return found;
}
