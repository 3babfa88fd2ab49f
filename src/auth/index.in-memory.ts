/**
 * The auth module for specs, its own and those of other modules: the real use cases over in-memory repositories.
 *
 *     const { person, accounts } = inMemoryAuth(new InMemoryUnitOfWork());
 *     const ann = await person('ann', 'author'); // ann@example.org
 */
import { type Actor, accountActor, type Role } from '#libs/kernel/actor';
import type { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { InMemoryAccounts } from './application/accounts.in-memory.js';
import { ErasingAccounts } from './application/erasing-accounts.js';
import { ErasureChecks } from './application/erasure-checks.js';
import { ManagingAccounts } from './application/managing-accounts.js';
import { SigningIn } from './application/signing-in.js';
import {
  InMemoryAccountRepository,
  InMemoryAccountTraces,
  InMemorySessionRepository,
  PlainPasswordHasher,
  PlainTokenIssuer,
} from './domain/ports.in-memory.js';

/** Of everybody whom `person` makes. */
export const PASSWORD = 'a lantern left burning';

export function inMemoryAuth(unitOfWork: InMemoryUnitOfWork) {
  const repository = new InMemoryAccountRepository(unitOfWork);
  const sessions = new InMemorySessionRepository(unitOfWork);
  const passwords = new PlainPasswordHasher();
  const [checks, traces] = [new ErasureChecks(), new InMemoryAccountTraces()];
  const managing = new ManagingAccounts(unitOfWork, repository, sessions, passwords);
  const person = async (name: string, role: Role = 'reader'): Promise<Actor> => {
    const { id } = await managing.appoint({ email: `${name}@example.org`, name, password: PASSWORD, role });
    return accountActor({ id, role });
  };
  return {
    repository,
    sessions,
    managing,
    checks,
    traces,
    erasing: new ErasingAccounts(unitOfWork, repository, passwords, checks, traces),
    person,
    accounts: new InMemoryAccounts(repository),
    signingIn: new SigningIn(unitOfWork, repository, sessions, passwords, new PlainTokenIssuer()),
  };
}
