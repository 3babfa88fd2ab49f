// The front door of auth: nothing else here may be imported from outside.
export { AuthModule, AuthWebModule, authSchema } from './auth.module.js';
export { type AccountCard, Accounts } from './application/accounts.js';
export { KeepingAccounts } from './application/keeping-accounts.js';
export { SigningIn } from './application/signing-in.js';
export { AdminDoor } from './infrastructure/admin.controller.js';
