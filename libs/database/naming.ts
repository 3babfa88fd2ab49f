import { DefaultNamingStrategy, type Table } from 'typeorm';

const snake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();

/** Rows keep TypeScript's names, tables Postgres's: `publishedAt` ↔ `published_at`. */
export class SnakeCase extends DefaultNamingStrategy {
  override columnName(property: string, custom: string | undefined, prefixes: string[]): string {
    return snake([...prefixes, custom ?? property].join('_'));
  }

  /** Postgres's own name for a foreign key that the SQL did not name, so that rows and migrations agree. */
  override foreignKeyName(table: Table | string, columns: string[]): string {
    return `${this.getTableName(table).split('.').at(-1)}_${columns.join('_')}_fkey`;
  }
}
