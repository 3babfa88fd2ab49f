/** The promises of the ports of auth, of the product's adapters and as the specs of use cases have them. */
import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from '#libs/config/config';
import { newId } from '#libs/kernel/id';
import { InMemoryAccounts } from '../../src/auth/application/accounts.in-memory.js';
import type { Accounts } from '../../src/auth/application/accounts.js';
import { Account } from '../../src/auth/domain/account.js';
import {
  InMemoryAccountRepository,
  InMemorySessionRepository,
  PlainPasswordHasher,
  PlainTokenIssuer,
} from '../../src/auth/domain/ports.in-memory.js';
import type { AccountRepository, PasswordHasher, SessionRepository, TokenIssuer } from '../../src/auth/domain/ports.js';
import { Session } from '../../src/auth/domain/session.js';
import { AccountViews } from '../../src/auth/infrastructure/account-views.js';
import { Argon2PasswordHasher } from '../../src/auth/infrastructure/argon2-password-hasher.js';
import { JwtTokens } from '../../src/auth/infrastructure/jwt-tokens.js';
import { RevocationLog } from '../../src/auth/infrastructure/revocation-log.js';
import { TypeormAccountRepository } from '../../src/auth/infrastructure/typeorm-account.repository.js';
import { TypeormSessionRepository } from '../../src/auth/infrastructure/typeorm-session.repository.js';
import { type Running, UNITS_OF_WORK } from '../support/units-of-work.js';

const noon = new Date('2026-01-01T12:00:00Z');
const later = (seconds: number): Date => new Date(noon.getTime() + seconds * 1_000);
const newAccount = (role: 'reader' | 'admin' = 'reader', email = `${newId()}@example.org`): Account =>
  Account.appoint({ email, name: 'Ann', passwordHash: 'h', role }, noon).account;

interface Repositories {
  accounts: AccountRepository;
  sessions: SessionRepository;
  reading: Accounts;
}

describe.each(UNITS_OF_WORK)('Accounts and sessions $on', ({ start }) => {
  let running: Running<Repositories>;
  beforeAll(async () => {
    running = await start<Repositories>({
      inMemory: (unitOfWork) => {
        const accounts = new InMemoryAccountRepository(unitOfWork);
        return { accounts, sessions: new InMemorySessionRepository(unitOfWork), reading: new InMemoryAccounts(accounts) };
      },
      postgres: (transaction, redis) => {
        const revocations = new RevocationLog(transaction, redis);
        return {
          accounts: new TypeormAccountRepository(transaction, revocations),
          sessions: new TypeormSessionRepository(transaction, revocations),
          reading: new AccountViews(transaction),
        };
      },
    });
  });
  afterAll(() => running.stop());

  /** Each call is a unit of work of its own. */
  const run = <T>(work: (repositories: Repositories) => Promise<T>): Promise<T> =>
    running.unitOfWork.run(() => work(running.repositories));
  const saved = async (account: Account): Promise<Account> => {
    await run(({ accounts }) => accounts.save(account));
    return account;
  };
  const started = async (accountId?: string): Promise<Session> => {
    const session = Session.start(accountId ?? (await saved(newAccount())).actor.id, 'Firefox', noon);
    await run(({ sessions }) => sessions.save(session));
    return session;
  };

  it('are told whether there is an admin', async () => {
    expect(await run(({ accounts }) => accounts.anyAdmin())).toBe(false);
    await saved(newAccount('admin'));
    expect(await run(({ accounts }) => accounts.anyAdmin())).toBe(true);
  });

  it('give back an account as it was saved last, by id and by e-mail', async () => {
    const account = await saved(newAccount());
    const { id, email } = account.snapshot();
    account.suspend(newAccount('admin').actor, 'Spam.', [], later(1));
    await saved(account);
    expect((await run(({ accounts }) => accounts.get(id))).snapshot()).toEqual(account.snapshot());
    expect((await run(({ accounts }) => accounts.find(id)))?.snapshot()).toEqual(account.snapshot());
    expect((await run(({ accounts }) => accounts.findByEmail(email)))?.snapshot()).toEqual(account.snapshot());
  });

  it('find nothing where there is nothing', async () => {
    await expect(run(({ accounts }) => accounts.get(newId()))).rejects.toMatchObject({ code: 'account-not-found' });
    expect(await run(({ accounts }) => accounts.find(newId()))).toBeUndefined();
    expect(await run(({ accounts }) => accounts.findByEmail('nobody@example.org'))).toBeUndefined();
    expect(await run(({ sessions }) => sessions.find(newId()))).toBeUndefined();
    expect(await run(({ sessions }) => sessions.get(newId()))).toBeUndefined();
  });

  it('have one account for an e-mail, also when two take it at once', async () => {
    const email = `${newId()}@example.org`;
    const both = await Promise.allSettled([saved(newAccount('reader', email)), saved(newAccount('reader', email))]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'email-taken' } });
  });

  it('forget an account that is removed, and its e-mail can be taken at once', async () => {
    const account = await saved(newAccount());
    const { id, email } = account.snapshot();
    await run(async ({ accounts }) => accounts.remove(await accounts.get(id)));
    expect(await run(({ accounts }) => accounts.find(id))).toBeUndefined();
    expect(await run(({ accounts }) => accounts.findByEmail(email))).toBeUndefined();
    expect(await running.repositories.reading.summaries([id])).toEqual(new Map());
    await saved(newAccount('reader', email));
  });

  it('name the admins that are not suspended to one who takes an admin away, and to the next only when that is done', async () => {
    const [one, other] = [await saved(newAccount('admin')), await saved(newAccount('admin'))];
    const suspended = newAccount('admin');
    suspended.suspend(one.actor, 'Spam.', [], later(1));
    await saved(suspended);
    const demote = (id: string): Promise<string[]> =>
      run(async ({ accounts }) => {
        const admins = await accounts.lockAdmins();
        const account = await accounts.get(id);
        account.changeRole(suspended.actor, 'reader', [...admins, 'another']);
        await wait(20);
        await accounts.save(account);
        return admins;
      });
    const ids = [one.actor.id, other.actor.id];
    const seen = await Promise.all(ids.map(demote));
    const mine = seen.map((admins) => admins.filter((id) => ids.includes(id)).length);
    expect(mine.sort()).toEqual([1, 2]);
    expect(seen.flat()).not.toContain(suspended.actor.id);
  });

  it('tell other modules the names of accounts, and the id of an e-mail however it is written', async () => {
    const { id, email } = (await saved(newAccount())).snapshot();
    const { reading } = running.repositories;
    expect(await reading.summaries([id, id, newId()])).toEqual(new Map([[id, { id, name: 'Ann' }]]));
    expect(await reading.summaries([])).toEqual(new Map());
    expect([await reading.idOf(` ${email.toUpperCase()}`), await reading.idOf('nobody@example.org')]).toEqual([id, undefined]);
  });

  it('give back a session as it was saved last', async () => {
    const session = await started();
    expect((await run(({ sessions }) => sessions.find(session.id)))?.snapshot()).toMatchObject(session.snapshot());
    session.end('signed-out', later(1));
    await run(({ sessions }) => sessions.save(session));
    expect((await run(({ sessions }) => sessions.get(session.id)))?.snapshot()).toMatchObject(session.snapshot());
  });

  it('replace a refresh token once, whoever comes at the same moment, and never in a session that has ended', async () => {
    const { id } = await started();
    const rotate = (): Promise<boolean> =>
      run(async ({ sessions }) => {
        const session = (await sessions.find(id))!;
        session.refresh(1, later(1));
        await wait(20);
        return sessions.rotate(session);
      });
    expect((await Promise.all([rotate(), rotate(), rotate()])).sort()).toEqual([false, false, true]);
    const ended = (await run(({ sessions }) => sessions.find(id)))!;
    expect(ended.snapshot()).toMatchObject({ generation: 2, rotatedAt: later(1) });
    const next = Session.restore(ended.snapshot());
    next.refresh(2, later(2));
    ended.end('signed-out', later(2));
    await run(({ sessions }) => sessions.save(ended));
    expect(await run(({ sessions }) => sessions.rotate(next))).toBe(false);
  });

  it('end the open sessions of one account together', async () => {
    const [first, other] = [await started(), await started()];
    const { accountId } = first.snapshot();
    const signedOut = await started(accountId);
    signedOut.end('signed-out', later(1));
    await run(({ sessions }) => sessions.save(signedOut));
    await run(({ sessions }) => sessions.endAll(accountId, 'account-suspended', later(2)));
    const because = async ({ id }: Session) => (await run(({ sessions }) => sessions.find(id)))?.snapshot().endedBecause;
    expect([await because(first), await because(signedOut), await because(other)]).toEqual([
      'account-suspended',
      'signed-out',
      null,
    ]);
  });
});

describe.each<[string, () => PasswordHasher]>([
  ['argon2', () => new Argon2PasswordHasher()],
  ['for specs', () => new PlainPasswordHasher()],
])('Passwords hashed by the hasher %s', (_, make) => {
  it('match their own hash and no other, and match nothing where there is no account', async () => {
    const hasher = make();
    const hash = await hasher.hash('a lantern left burning');
    expect(await hasher.matches('a lantern left burning', hash)).toBe(true);
    expect(await hasher.matches('a lantern put out', hash)).toBe(false);
    expect(await hasher.matches('a lantern left burning', undefined)).toBe(false);
  });
});

describe.each<[string, () => TokenIssuer]>([
  ['signs them', () => new JwtTokens(KEYS as unknown as Config)],
  ['writes them down for specs', () => new PlainTokenIssuer()],
])('The tokens of an issuer that %s', (_, make) => {
  it('name their session and generation, the same each time', () => {
    const issuer = make();
    const sessionId = newId();
    const token = issuer.refreshToken(sessionId, 7);
    expect(issuer.readRefreshToken(token)).toEqual({ sessionId, generation: 7 });
    expect(issuer.refreshToken(sessionId, 7)).toBe(token);
    expect(issuer.readRefreshToken('none of ours')).toBeUndefined();
    const session = { id: sessionId, authenticatedAt: noon };
    expect(issuer.signAccess(newAccount().snapshot(), session)).toEqual({ token: expect.any(String), expiresIn: 600 });
  });
});

const KEYS = {
  derivedKey: () => createSecretKey(randomBytes(32)),
  signingKey: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
  accessTokenSeconds: 600,
};
