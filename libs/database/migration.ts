import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A step of the schema, written in SQL. Each module keeps its own in `infrastructure/migrations` and offers them at its
 * door; `src/database.ts` gathers them. There is no way down: a mistake is mended by the next step.
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
