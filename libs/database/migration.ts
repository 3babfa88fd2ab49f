import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * One step of the schema, in SQL. Each module keeps its steps in `infrastructure/migrations` and exports them; `src/database.ts`
 * collects them. There are no down migrations: a mistake is corrected by a later step.
 * @param name `What<13-digit time>`, as TypeORM orders them.
 */
export function migration(name: string, sql: string): new () => MigrationInterface {
  return class implements MigrationInterface {
    readonly name = name;
    async up(runner: QueryRunner): Promise<void> {
      await runner.query(sql);
    }
    down(): Promise<void> {
      return Promise.reject(new Error(`${name} cannot be undone: write a new migration that mends it.`));
    }
  };
}
