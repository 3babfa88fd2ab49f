/**
 * Access tokens: ES256 JWTs (RFC 9068) that name their key, checked by anyone with the JWKS. Refresh tokens: 256 random
 * bits, kept only as sha256. Key objects, never strings: jsonwebtoken parses a string anew for each check.
 */
import { createHash, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { Config } from '#libs/config/config';
import { type Actor, ROLES, type Role } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { newId } from '#libs/kernel/id';
import { TokenVerifier } from '#libs/kernel/token-verifier';
import { TokenIssuer } from '../domain/ports.js';

export const AUDIENCE = { api: 'inkreel-api', board: 'inkreel-board' } as const;

export interface AccessClaims {
  sub: string;
  role: Role;
  sid: string;
  exp: number;
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

  constructor(private readonly config: Config) {
    super();
    this.publicKey = createPublicKey(config.signingKey);
    const { crv, kty, x, y } = this.publicKey.export({ format: 'jwk' });
    this.keyId = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url'); // RFC 7638 thumbprint
    this.issuer = 'inkreel';
  }

  newRefreshToken(): { token: string; hash: string } {
    const token = randomBytes(32).toString('base64url');
    return { token, hash: this.hashRefreshToken(token) };
  }

  hashRefreshToken(token: string): string {
    return createHash('sha256').update(token).digest('base64url');
  }

  signAccess(actor: Actor, sessionId: string): { token: string; expiresIn: number } {
    const expiresIn = this.config.accessTokenSeconds;
    return { token: this.sign(actor, sessionId, AUDIENCE.api, expiresIn), expiresIn };
  }

  /** For the admin's cookie: good for the job board and nothing else. */
  signBoard(actor: Actor, seconds: number): string {
    return this.sign(actor, newId(), AUDIENCE.board, seconds);
  }

  verify(token: string, audience: (typeof AUDIENCE)[keyof typeof AUDIENCE]): AccessClaims {
    try {
      const claims = jwt.verify(token, this.publicKey, {
        algorithms: ['ES256'],
        issuer: this.issuer,
        audience,
      }) as unknown as AccessClaims;
      if (ROLES.includes(claims.role) && claims.sub) return claims;
    } catch {
      // every reason is the same to the caller
    }
    throw new AccessTokenRefused();
  }

  private sign(actor: Actor, sid: string, audience: string, expiresIn: number): string {
    return jwt.sign({ role: actor.role, sid }, this.config.signingKey, {
      algorithm: 'ES256',
      keyid: this.keyId,
      issuer: this.issuer,
      audience,
      subject: actor.id,
      expiresIn,
      jwtid: newId(),
    });
  }
}

/** How live sockets, which have no HTTP guard, learn who is there. */
@Injectable()
export class JwtTokenVerifier extends TokenVerifier {
  constructor(private readonly tokens: JwtTokens) {
    super();
  }

  verify(token: string): Promise<{ actor: Actor; expiresAt: Date }> {
    const claims = this.tokens.verify(token, AUDIENCE.api);
    return Promise.resolve({ actor: { id: claims.sub, role: claims.role }, expiresAt: new Date(claims.exp * 1000) });
  }
}
