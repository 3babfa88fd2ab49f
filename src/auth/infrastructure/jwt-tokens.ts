/**
 * Access tokens: ES256 JWTs (RFC 9068) that name their key, checked by anyone with the JWKS. Pass KeyObjects: jsonwebtoken
 * parses a string key anew for each check.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { Config } from '#libs/config/config';
import { ROLES, type Role } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';
import { TokenIssuer } from '../domain/ports.js';
import { readRefreshToken, writeRefreshToken } from './refresh-token.js';

export const AUDIENCE = { api: 'inkreel-api', admin: 'inkreel-admin' } as const;

export interface AccessClaims {
  /** The account. */
  sub: string;
  role: Role;
  /** The session. */
  sid: string;
  /** The account's epoch: a later one revokes the token. */
  epoch: number;
  /** When the password was given, in seconds since 1970 (OpenID Connect). */
  auth_time: number;
  exp: number;
  /** The app that acts for the account (RFC 9068) and what was granted to it; absent when the account signed in itself. */
  client_id?: string;
  scope?: string;
}

export class AccessTokenRefused extends DomainError {
  readonly code = 'access-token-refused';
  readonly kind = 'unauthenticated';
  constructor() {
    super(
      'The access token is missing, altered or expired: refresh it or sign in, then send it as Authorization: Bearer <token>.',
    );
  }
}

@Injectable()
export class JwtTokens extends TokenIssuer {
  readonly publicKey: KeyObject;
  readonly keyId: string;
  readonly issuer: string;
  private readonly refreshKey: KeyObject;

  constructor(private readonly config: Config) {
    super();
    this.refreshKey = config.derivedKey('refresh-token');
    this.publicKey = createPublicKey(config.signingKey);
    const { crv, kty, x, y } = this.publicKey.export({ format: 'jwk' });
    this.keyId = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url'); // RFC 7638 thumbprint
    this.issuer = 'inkreel';
  }

  refreshToken(sessionId: string, generation: number): string {
    return writeRefreshToken(this.refreshKey, sessionId, generation);
  }

  readRefreshToken(token: string): { sessionId: string; generation: number } | undefined {
    return readRefreshToken(this.refreshKey, token);
  }

  signAccess(...[account, session]: Parameters<TokenIssuer['signAccess']>): { token: string; expiresIn: number } {
    const expiresIn = this.config.accessTokenSeconds;
    const token = this.sign(account.id, AUDIENCE.api, expiresIn, {
      role: account.role,
      sid: session.id,
      epoch: account.epoch,
      auth_time: Math.floor(session.authenticatedAt.getTime() / 1_000),
    });
    return { token, expiresIn };
  }

  /** For the cookie of the admin pages: it only names a session, which is looked up for each request. */
  signAdminCookie(session: { id: string; accountId: string }, seconds: number): string {
    return this.sign(session.accountId, AUDIENCE.admin, seconds, { sid: session.id });
  }

  /** @returns the id of the session that a cookie names. @throws AccessTokenRefused */
  readAdminCookie(cookie: string): string {
    return this.verify(cookie, AUDIENCE.admin).sid;
  }

  /** Signature and time only: whether it was revoked is checked in access-tokens.ts. @throws AccessTokenRefused */
  verifyAccess(token: string): AccessClaims {
    const claims = this.verify(token, AUDIENCE.api);
    if (ROLES.includes(claims.role) && Number.isInteger(claims.epoch)) return claims;
    throw new AccessTokenRefused();
  }

  private verify(token: string, audience: string): AccessClaims {
    try {
      const claims = jwt.verify(token, this.publicKey, { algorithms: ['ES256'], issuer: this.issuer, audience });
      if (typeof claims === 'object' && claims.sub && claims.sid) return claims as AccessClaims;
    } catch {
      // every reason is the same to the caller
    }
    throw new AccessTokenRefused();
  }

  private sign(subject: string, audience: string, expiresIn: number, claims: object): string {
    return jwt.sign(claims, this.config.signingKey, {
      algorithm: 'ES256',
      keyid: this.keyId,
      issuer: this.issuer,
      audience,
      subject,
      expiresIn,
      jwtid: newId(),
    });
  }
}
