// The front door of auth: nothing else here may be imported from outside.
export { AuthModule, AuthWebModule, authSchema } from './auth.module.js';
export { Accounts } from './application/accounts.js';
export { ManagingAccounts } from './application/managing-accounts.js';
export { AdminSession } from './infrastructure/admin.controller.js';
