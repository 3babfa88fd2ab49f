import type { Actor } from '#libs/kernel/actor';

/** The account of a token and when the token expires: a live connection ends with it. */
export interface Authority {
  readonly actor: Actor;
  readonly expiresAt: Date;
}

/** Checks the token in the first frame of a live connection. The auth module implements it. */
export abstract class TokenVerifier {
  /** @throws DomainError of kind `unauthenticated` for a token that is broken, expired or revoked. */
  abstract verify(token: string): Promise<Authority>;
}
