import type { Actor } from '#libs/kernel/actor';

/** Who a token speaks for, and until when: a live connection ends with it. */
export interface Authority {
  readonly actor: Actor;
  readonly expiresAt: Date;
}

/** Answered by the auth module, for whom the first frame of a socket is what the Authorization header is elsewhere. */
export abstract class TokenVerifier {
  /** @throws DomainError of kind `unauthenticated` for a token that is broken, expired or revoked. */
  abstract verify(token: string): Promise<Authority>;
}
