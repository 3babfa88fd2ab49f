import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ErasureChecks } from '../../auth/index.js';
import { LeavingWorks } from '../application/leaving-works.js';

/** Whoever erases an account that owns works has to say what becomes of them. */
@Injectable()
export class AccountErasure implements OnModuleInit {
  constructor(
    private readonly checks: ErasureChecks,
    private readonly leaving: LeavingWorks,
  ) {}

  onModuleInit(): void {
    this.checks.register((accountId, { works }) => this.leaving.mustBeDecided(accountId, works));
  }
}
