import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { LinkExpired, LinkNotValid, linkSecret, SignedUrls } from './signed-urls.js';

const NOW = new Date('2026-05-01T12:00:00Z');
const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);
const links = new SignedUrls(createSecretKey(randomBytes(32)));
const link = links.sign('films/故乡.mp4', { expiresInSeconds: 60, filename: '故乡 & "1".mp4', contentType: 'video/mp4' }, NOW);

describe('a signed link', () => {
  it('grants one object, under a name and a type, until a second', () => {
    expect(link).toMatch(
      /^\/v1\/objects\/films\/%E6%95%85%E4%B9%A1\.mp4\?expires=\d+&filename=.+&type=video%2Fmp4&signature=[\w-]{43}$/,
    );
    expect(links.verifySignedUrl(link, later(59))).toEqual({
      key: 'films/故乡.mp4',
      expiresAt: later(60),
      filename: '故乡 & "1".mp4',
      contentType: 'video/mp4',
    });
  });

  it('has expired at that second, and says so', () => {
    expect(() => links.verifySignedUrl(link, later(60))).toThrow(LinkExpired);
  });

  it('cannot be changed in any place', () => {
    fc.assert(
      fc.property(fc.nat(link.length - 1), fc.constantFrom(...'abz019/?&=%-_.'), (at, character) => {
        const changed = link.slice(0, at) + character + link.slice(at + 1);
        // `%e6` and `%E6` spell the same byte of the same key.
        fc.pre(at >= link.indexOf('signature=') ? changed !== link : changed.toLowerCase() !== link.toLowerCase());
        expect(() => links.verifySignedUrl(changed, NOW)).toThrow(LinkNotValid);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a parameter more', `${link}&a=1`],
    ['its expiry doubled', link.replace('?', '?expires=9999999999&')],
    ['a later expiry', link.replace(/expires=\d+/, 'expires=9999999999')],
    ['no signature', link.replace(/&signature=.*/, '')],
    ['an empty signature', link.replace(/signature=.*/, 'signature=')],
    ['no query', link.split('?')[0]],
    ['a broken escape', link.replace('%E6', '%E')],
    ['another route before it', `/v2${link}`],
  ])('is refused with %s', (_, changed) => {
    expect(() => links.verifySignedUrl(changed, NOW)).toThrow(LinkNotValid);
  });

  it('of another secret is refused', () => {
    const others = new SignedUrls(createSecretKey(randomBytes(32)));
    expect(() => others.verifySignedUrl(link, NOW)).toThrow(LinkNotValid);
  });

  it('without a name or type cannot be given one', () => {
    const bare = links.sign('films/a.mp4', { expiresInSeconds: 60 }, NOW);
    expect(links.verifySignedUrl(bare, NOW)).toMatchObject({ filename: undefined, contentType: undefined });
    expect(() => links.verifySignedUrl(bare.replace('&signature', '&type=text%2Fhtml&signature'), NOW)).toThrow(LinkNotValid);
  });
});

describe('the secret of links', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  it('is the same in every process that holds the signing key, however the key was written', () => {
    const link = new SignedUrls(linkSecret(privateKey)).sign('a', { expiresInSeconds: 60 }, NOW);
    expect(new SignedUrls(linkSecret(privateKey)).verifySignedUrl(link, NOW).key).toBe('a');
  });

  it('is another for another key, and cannot be had from the public one', () => {
    const other = linkSecret(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
    expect(linkSecret(privateKey).equals(other)).toBe(false);
    expect(() => linkSecret(publicKey)).toThrow(TypeError);
  });
});
