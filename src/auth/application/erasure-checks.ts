import { Injectable } from '@nestjs/common';
import type { ErasureChoices } from '../domain/account.js';

type Check = (accountId: string, choices: ErasureChoices) => Promise<void>;

/**
 * What other modules must be asked before an account is erased, as auth knows no other module. A check runs in the transaction
 * that erases, and refuses by throwing. What follows from the erasure is a reaction to `AccountDeleted`.
 *
 * @example
 * checks.register(async (accountId, { works }) => {
 *   if (works === null && (await this.ownsAny(accountId))) throw new WorksUndecided();
 * });
 */
@Injectable()
export class ErasureChecks {
  private readonly checks: Check[] = [];

  /** Called by modules in `onModuleInit`. */
  register(check: Check): void {
    this.checks.push(check);
  }

  async run(accountId: string, choices: ErasureChoices): Promise<void> {
    for (const check of this.checks) await check(accountId, choices);
  }
}
