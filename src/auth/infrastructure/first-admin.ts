import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '#libs/config/config';
import { ManagingAccounts } from '../application/managing-accounts.js';
import { EmailTaken } from '../domain/account.js';

/** ADMIN_EMAIL and ADMIN_PASSWORD make the first admin when the web process starts and there is none. */
@Injectable()
export class FirstAdmin implements OnApplicationBootstrap {
  private readonly log = new Logger('FirstAdmin');

  constructor(
    private readonly config: Config,
    private readonly accounts: ManagingAccounts,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.admin) return;
    try {
      if (await this.accounts.ensureFirstAdmin(this.config.admin.email, this.config.admin.password))
        this.log.log('made the first admin');
    } catch (error) {
      // another web process that started at the same time was faster
      if (!(error instanceof EmailTaken)) this.log.warn(`no admin was made: ${(error as Error).message}`);
    }
  }
}
