/** Whose tables a file may name: a module its own schema, the libs that keep tables theirs, anything else none. */
import { entityTables, sqlStrings } from './sql-strings.js';
import { sqlNames } from './sql-names.js';

export const MODULES = ['auth', 'chapters', 'comments', 'rendering'];
export const LIBS_WITH_TABLES = ['events', 'live', 'http', 'scheduling'];
const SCHEMAS = new Set([...MODULES, ...LIBS_WITH_TABLES]);
const OF_POSTGRES = new Set(['pg_catalog', 'information_schema']);

/** @param path from the root of the tree, as `src/chapters/infrastructure/chapter.view.ts` */
export function schemasOf(path: string): string[] {
  const [top, folder] = path.split('/');
  if (top === 'src') return MODULES.includes(folder) ? [folder] : [];
  return top === 'libs' ? LIBS_WITH_TABLES : [];
}

export interface SchemaReport {
  problems: string[];
  /** How many pieces of SQL and how many entities were read: a check that reads nothing finds nothing. */
  statements: number;
  entities: number;
}

export function checkSchemas(path: string, source: string): SchemaReport {
  const own = schemasOf(path);
  const mine = own.join(', ') || 'none';
  const problems: string[] = [];
  const statements = sqlStrings(path, source);
  const entities = entityTables(path, source);

  for (const { sql, line } of statements) {
    const say = (what: string): number => problems.push(`${path}:${line}: ${what}`);
    const { qualified, unqualified, schemas, setsSearchPath } = sqlNames(sql);
    for (const { schema, name } of qualified)
      if (SCHEMAS.has(schema) && !own.includes(schema))
        say(`names ${schema}.${name}, but its schemas are: ${mine}. Ask the owner's door (or call the alias otherwise).`);
    for (const schema of schemas)
      if (!own.includes(schema) && !OF_POSTGRES.has(schema)) say(`touches the schema ${schema}, but its schemas are: ${mine}.`);
    for (const name of unqualified) say(`names ${name} without a schema: write ${own[0] ?? '<schema>'}.${name}.`);
    if (setsSearchPath) say('sets search_path, which hides whose tables are meant: name the schema in each statement.');
  }
  for (const { schema, line } of entities) {
    if (!schema)
      problems.push(`${path}:${line}: @Entity has no schema in plain text: write { schema: '${own[0] ?? '<schema>'}' }.`);
    else if (!own.includes(schema)) problems.push(`${path}:${line}: @Entity lives in ${schema}, but its schemas are: ${mine}.`);
  }
  return { problems, statements: statements.length, entities: entities.length };
}
