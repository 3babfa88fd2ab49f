import { accountActor } from '#libs/kernel/actor';
import { generateKeyPairSync } from 'node:crypto';
import { Config } from '#libs/config/config';
import type { Authority } from '#libs/kernel/token-verifier';
import { AccessTokens, TokenRevoked } from './access-tokens.js';
import { AccessTokenRefused, JwtTokens } from './jwt-tokens.js';
import type { RevocationWatch } from './revocation-watch.js';

const SIGNING_KEY = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const config = new Config({
  DATABASE_URL: 'postgres://localhost/none',
  REDIS_URL: 'redis://localhost',
  SIGNING_KEY,
  ACCESS_TOKEN_SECONDS: '60',
});

/** JwtTokens that counts how often a signature is verified. */
class Counting extends JwtTokens {
  verified = 0;
  override verifyAccess(token: string): ReturnType<JwtTokens['verifyAccess']> {
    this.verified++;
    return super.verifyAccess(token);
  }
}

class Watch {
  readonly revoked = new Set<string>();
  isUpToDate = true;
  upToDate(): Promise<void> {
    return Promise.resolve();
  }
  isRevoked({ sessionId }: Authority): boolean {
    return this.revoked.has(sessionId);
  }
}

const signedInAt = new Date('2026-01-01T12:00:00Z');
let [jwts, watch, tokens] = [] as unknown as [Counting, Watch, AccessTokens];
let token: string;
beforeEach(() => {
  [jwts, watch] = [new Counting(config), new Watch()];
  tokens = new AccessTokens(jwts, watch as unknown as RevocationWatch);
  token = jwts.signAccess({ id: 'ann', role: 'author', epoch: 3 }, { id: 's1', authenticatedAt: signedInAt }).token;
});
afterEach(() => jest.useRealTimers());

describe('An access token', () => {
  it('says whose it is, by which session, and when the password was given', async () => {
    expect(await tokens.verify(token)).toMatchObject({
      actor: accountActor({ id: 'ann', role: 'author' }, { sessionId: 's1', authenticatedAt: signedInAt }),
      sessionId: 's1',
      epoch: 3,
    });
  });

  it('has its signature verified once, however often it comes', async () => {
    for (let i = 0; i < 1_000; i++) await tokens.verify(token);
    expect(jwts.verified).toBe(1);
  });

  it('is refused from the second it expires on, also when it was seen before', async () => {
    jest.useFakeTimers({ now: Date.now() });
    await tokens.verify(token);
    jest.advanceTimersByTime(58_000);
    await tokens.verify(token);
    jest.advanceTimersByTime(2_000);
    await expect(tokens.verify(token)).rejects.toThrow(AccessTokenRefused);
  });

  it('is refused once it is revoked, also when it was seen before', async () => {
    await tokens.verify(token);
    watch.revoked.add('s1');
    await expect(tokens.verify(token)).rejects.toThrow(TokenRevoked);
    await expect(tokens.verify(token)).rejects.toThrow(TokenRevoked);
  });

  it('is remembered without waiting while it is good, not revoked, and revocations are known', async () => {
    expect(tokens.remembered(token)).toBeUndefined();
    jest.useFakeTimers({ now: Date.now() });
    const authority = await tokens.verify(token);
    expect(tokens.remembered(token)).toBe(authority);
    watch.isUpToDate = false;
    expect(tokens.remembered(token)).toBeUndefined();
    watch.isUpToDate = true;
    watch.revoked.add('s1');
    expect(tokens.remembered(token)).toBeUndefined();
    watch.revoked.clear();
    jest.advanceTimersByTime(60_000);
    expect(tokens.remembered(token)).toBeUndefined();
  });

  it('crowds out others when very many come, so that memory stays bounded', async () => {
    const sign = (id: string) => jwts.signAccess({ id, role: 'reader', epoch: 1 }, { id, authenticatedAt: signedInAt }).token;
    const small = new AccessTokens(jwts, watch as unknown as RevocationWatch, 3);
    const many = ['a', 'b', 'c', 'd'].map(sign);
    for (const one of many) await small.verify(one);
    jwts.verified = 0;
    for (const one of many.slice(1)) await small.verify(one);
    expect(jwts.verified).toBe(0);
    await small.verify(many[0]);
    expect(jwts.verified).toBe(1);
  });
});
