import { Injectable, Optional } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { accountActor, clientActor } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { type Authority, TokenVerifier } from '#libs/kernel/token-verifier';
import { AccessTokenRefused, JwtTokens } from './jwt-tokens.js';
import { RevocationWatch } from './revocation-watch.js';

/** Some 6 MB. A token that was crowded out has its signature verified again. */
const MOST_REMEMBERED = 10_000;

export class TokenRevoked extends DomainError {
  readonly code = 'token-revoked';
  readonly kind = 'unauthenticated';
  constructor() {
    super(
      'This access token was revoked, because its session ended or its account changed: get a new one from POST /v1/sessions/refresh. If that is refused too, sign in again.',
    );
  }
}

/**
 * Who an access token speaks for. The signature of a token is verified once; what it said is kept in a bounded cache until it
 * expires. Whether it was revoked is asked each time.
 */
@Injectable()
export class AccessTokens extends TokenVerifier {
  private readonly verified: LRUCache<string, Authority>;

  constructor(
    private readonly tokens: JwtTokens,
    private readonly revocations: RevocationWatch,
    @Optional() mostRemembered = MOST_REMEMBERED,
  ) {
    super();
    this.verified = new LRUCache({ max: mostRemembered });
  }

  async verify(token: string): Promise<Authority> {
    const known = this.verified.get(token);
    const authority = known ?? this.read(token);
    try {
      if (authority.expiresAt.getTime() <= Date.now()) throw new AccessTokenRefused();
      await this.confirm(authority);
    } catch (error) {
      this.verified.delete(token);
      throw error;
    }
    if (!known) this.verified.set(token, authority);
    return authority;
  }

  remembered(token: string): Authority | undefined {
    const authority = this.verified.get(token);
    if (!authority || authority.expiresAt.getTime() <= Date.now()) return undefined;
    return this.revocations.isUpToDate && !this.revocations.isRevoked(authority) ? authority : undefined;
  }

  async confirm(authority: Authority): Promise<void> {
    await this.revocations.upToDate();
    if (this.revocations.isRevoked(authority)) throw new TokenRevoked();
  }

  private read(token: string): Authority {
    const { sub: id, role, sid, epoch, auth_time, exp, client_id, scope = '' } = this.tokens.verifyAccess(token);
    const session = { sessionId: sid, authenticatedAt: new Date(auth_time * 1_000) };
    const actor =
      client_id === undefined ? accountActor({ id, role }, session) : clientActor({ id, role }, scope.split(' '), session);
    return { actor, sessionId: sid, epoch, expiresAt: new Date(exp * 1_000) };
  }
}
