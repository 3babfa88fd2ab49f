import type { Actor } from '#libs/kernel/actor';

/** The account of a token and when the token expires: a live connection ends with it. */
export interface Authority {
  readonly actor: Actor;
  /** The session that the token was issued for: when it ends, so do its connections. */
  readonly sessionId: string;
  readonly expiresAt: Date;
  /** Of the account when the token was made; a later epoch of the account revokes it. */
  readonly epoch: number;
}

/** Checks the token in the first frame of a live connection. The auth module implements it. */
export abstract class TokenVerifier {
  /** @throws DomainError of kind `unauthenticated` for a token that is broken, expired or revoked. */
  abstract verify(token: string): Promise<Authority>;

  /** What `verify` found before, if it still holds and that is known without waiting. */
  abstract remembered(token: string): Authority | undefined;

  /** For what was verified before and is used later (tickets). @throws DomainError of kind `unauthenticated` if it was revoked meanwhile. */
  abstract confirm(authority: Authority): Promise<void>;
}
