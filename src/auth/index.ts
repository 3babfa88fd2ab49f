// The public API of the auth module: other modules import nothing else from here.
export { AuthModule, AuthWebModule, AuthWorkerModule, authSchema } from './auth.module.js';
export { Accounts } from './application/accounts.js';
export { ErasureChecks } from './application/erasure-checks.js';
export { ManagingAccounts } from './application/managing-accounts.js';
export { AdminSession } from './infrastructure/admin.controller.js';
export type { AccountDeleted } from './domain/account.js';
