import { type DynamicModule, Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSourceOptions, EntitySchema } from 'typeorm';
import { Config } from '#libs/config/config';
import { Clock, SystemClock } from '#libs/kernel/clock';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import type { Migration } from './migration.js';
import { SnakeCase } from './naming.js';
import { Transaction } from './transaction.js';

/** The rows and the migrations of one module, and how long what its tables hold is kept. */
export interface Schema {
  rows: (new () => object | EntitySchema)[];
  migrations: (new () => Migration)[];
  /** One sentence for each table, which docs/retention.md repeats: `{ 'http.idempotency_record': '24 hours.' }`. */
  retention: Record<string, string>;
}

/** `synchronize` is false everywhere: a test asserts instead that rows and migrations agree. */
export function dataSourceOptions(url: string, pool: number, schemas: Schema[]): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities: schemas.flatMap((schema) => schema.rows),
    migrations: schemas.flatMap((schema) => schema.migrations),
    migrationsTableName: 'migration',
    namingStrategy: new SnakeCase(),
    synchronize: false,
    // int8 read as number: sequences and byte counts stay far below 2^53
    parseInt8: true,
    poolSize: pool,
    connectTimeoutMS: 5_000,
    extra: {
      lock_timeout: 10_000,
      statement_timeout: 30_000,
      // shorter than the timeout above: what a frozen process holds is released before those who wait for it give up
      idle_in_transaction_session_timeout: 8_000,
      application_name: 'inkreel',
      keepAlive: true,
    },
  };
}

/** The one Postgres connection pool, and the unit of work over it, for every module. */
@Global()
@Module({})
export class DatabaseModule {
  static forRoot(schemas: Schema[]): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          inject: [Config],
          useFactory: (config: Config) => ({
            ...dataSourceOptions(config.database.url, config.database.pool, schemas),
            retryAttempts: 1,
            // A process starts also without its database and reports that in /readyz: exiting would only restart it in a loop.
            manualInitialization: false,
          }),
        }),
      ],
      providers: [Transaction, { provide: UnitOfWork, useExisting: Transaction }, { provide: Clock, useClass: SystemClock }],
      exports: [Transaction, UnitOfWork, Clock],
    };
  }
}
