/** What the five thousandth refresh of one session costs: counted, not timed. The use case over a real database, without HTTP. */
import { generateKeyPairSync } from 'node:crypto';
import { DataSource } from 'typeorm';
import { Config } from '#libs/config/config';
import { Transaction } from '#libs/database/transaction';
import { SystemClock } from '#libs/kernel/clock';
import type { RedisClients } from '#libs/redis/redis-clients';
import { SigningIn } from '../../src/auth/application/signing-in.js';
import { Account } from '../../src/auth/domain/account.js';
import type { PasswordHasher } from '../../src/auth/domain/ports.js';
import { JwtTokens } from '../../src/auth/infrastructure/jwt-tokens.js';
import { RevocationLog } from '../../src/auth/infrastructure/revocation-log.js';
import { TypeormAccountRepository } from '../../src/auth/infrastructure/typeorm-account.repository.js';
import { TypeormSessionRepository } from '../../src/auth/infrastructure/typeorm-session.repository.js';
import { databaseOptions } from '../../src/database.js';
import { freshDatabase } from '../support/database.js';

const TIMES = 5_000;

it('refreshing costs the same statements and the same room after thousands of times', async () => {
  const database = await freshDatabase();
  let statements: string[] = [];
  const source = await new DataSource({ ...databaseOptions(database.url), logging: ['query'], logger: counting() }).initialize();
  const transaction = new Transaction(source, new SystemClock());
  transaction.recordWith(() => Promise.resolve());
  const log = new RevocationLog(transaction, { publish: () => undefined } as unknown as RedisClients);
  const accounts = new TypeormAccountRepository(transaction, log);
  const { account } = Account.appoint({ email: 'a@b.c', name: 'Ann', passwordHash: '', role: 'reader' }, new Date());
  await transaction.run(() => accounts.save(account));
  const signingIn = new SigningIn(
    transaction,
    accounts,
    new TypeormSessionRepository(transaction, log),
    { matches: () => Promise.resolve(true) } as unknown as PasswordHasher,
    new JwtTokens(config(database.url)),
  );
  const { refreshToken } = await signingIn.signIn('a@b.c', '', '');

  let token = refreshToken;
  const next = async (): Promise<string[]> => {
    statements = [];
    token = (await signingIn.refresh(token)).refreshToken;
    return statements;
  };
  const first = [...(await next())];
  const before = await stored();
  for (let i = 2; i < TIMES; i++) await next();
  const last = await next();

  expect(token.split('.')[1]).toBe(String(TIMES + 1));
  expect(last).toEqual(first);
  expect(first.filter((sql) => /^(SELECT|UPDATE|INSERT|DELETE)/.test(sql)).length).toBeLessThanOrEqual(3);
  expect(await stored()).toEqual(before);
  await source.destroy();
  await database.drop();

  function counting() {
    const note = (sql: string): void => void statements.push(sql);
    const ignore = (): void => undefined;
    return {
      logQuery: note,
      logQueryError: ignore,
      logQuerySlow: ignore,
      logSchemaBuild: ignore,
      logMigration: ignore,
      log: ignore,
    };
  }
  /** How many rows auth stores, and the bytes of all of them. */
  async function stored(): Promise<object[]> {
    return source.query<object[]>(
      `SELECT count(*) AS rows, sum(pg_column_size(s.*)) AS bytes FROM auth.session s
        UNION ALL SELECT count(*), sum(pg_column_size(r.*)) FROM auth.revocation r
        UNION ALL SELECT count(*), sum(pg_column_size(a.*)) FROM auth.account a`,
    );
  }
}, 120_000);

function config(url: string): Config {
  const key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  const SIGNING_KEY = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  return new Config({ DATABASE_URL: url, REDIS_URL: 'redis://localhost', SIGNING_KEY });
}
