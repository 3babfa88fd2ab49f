/** What never stands in a log: credentials, wherever a line carries them. */

const SECRET_MEMBERS = [
  'authorization',
  'cookie',
  'set-cookie',
  'password',
  'currentPassword',
  'newPassword',
  'token',
  'accessToken',
  'refreshToken',
  'ticket',
  'signature',
  'secret',
  'apiKey',
].map((name) => `["${name}"]`);

/** Members of logged objects, up to three levels down (pino's option `redact`). */
export const REDACTED_PATHS = SECRET_MEMBERS.flatMap((name) => [name, `*${name}`, `*.*${name}`]);

const CENSORED = '[redacted]';

/** Each begins at fixed text and ends at the first character of another kind, so that no line takes longer than linear time. */
const SECRETS_IN_TEXT: readonly RegExp[] = [
  /(?<=\b(?:Bearer|Basic) )[\w.~+/=-]+/gi,
  /(?<=[?&](?:ticket|token|access_token|refresh_token|password|signature|X-Amz-Signature|X-Amz-Security-Token)=)[^&\s"\\]+/gi,
  /(?<=:\/\/[^:@/\s"]{0,100}:)[^@/\s"]{1,200}(?=@)/g, // of a URL with a password
];

/** A whole line without tokens that stand in its texts, such as the address of a failed request. */
export function withoutSecrets(line: string): string {
  return SECRETS_IN_TEXT.reduce((text, secret) => text.replace(secret, CENSORED), line);
}
