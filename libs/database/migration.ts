import { createHash } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A migration as TypeORM runs it, and a digest of its SQL: one that was edited after it had run is noticed. */
export interface Migration extends MigrationInterface {
  readonly name: string;
  readonly digest: string;
}

/**
 * One step of the schema, in SQL. Each module keeps its steps in `infrastructure/migrations` and exports them; `src/database.ts`
 * collects them. There are no down migrations: a mistake is corrected by a later step. Which steps are allowed after the first
 * release: docs/decisions/0018.
 * @param name `What<13-digit time>`, as TypeORM orders them.
 */
export function migration(name: string, sql: string): new () => Migration {
  return class implements Migration {
    readonly name = name;
    readonly digest = digestOf(sql);
    async up(runner: QueryRunner): Promise<void> {
      await runner.query(sql);
    }
    down(): Promise<void> {
      return Promise.reject(new Error(`${name} cannot be undone: write a new migration that mends it.`));
    }
  };
}

/** Comments and white space do not count: they may be corrected later. */
function digestOf(sql: string): string {
  const statements = sql.replace(/^\s*--.*$/gm, '').replace(/\s+/g, ' ');
  return createHash('sha256').update(statements.trim()).digest('hex').slice(0, 16);
}
