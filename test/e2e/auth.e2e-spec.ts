import { createPublicKey, createSecretKey, generateKeyPairSync, type JsonWebKey, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { AccountResponse, SessionResponse, TokensResponse } from '../../src/auth/infrastructure/auth.contract.js';
import { must } from '../support/people.js';
import { Api, signUp, type Stack, startStack, until } from '../support/stack.js';

const ADMIN = { email: 'first@example.org', password: 'the keys of the lighthouse' };
const ENV = { ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password };
let stack: Stack;
let visitor: Api;

beforeAll(async () => {
  stack = await startStack({ workers: 0, env: ENV });
  visitor = stack.api;
}, 90_000);

const signIn = ({ email, password }: { email: string; password: string }) =>
  visitor.post<SessionResponse>('/v1/sessions', { email, password });
const refresh = (refreshToken: string) =>
  visitor.post<TokensResponse & { type: string }>('/v1/sessions/refresh', { refreshToken });
const newcomer = () => ({ email: `${randomUUID()}@example.org`, name: 'Mira', password: 'a lantern left burning' });

describe('signing up', () => {
  it('makes an account that can sign in at once and is told who it is', async () => {
    const mira = newcomer();
    const account = must(201, await visitor.post<AccountResponse>('/v1/accounts', { ...mira, role: 'author' }));
    expect(account).toMatchObject({ email: mira.email, name: 'Mira', role: 'author' });
    const session = must(201, await signIn(mira));
    expect(session).toMatchObject({ tokenType: 'Bearer', expiresIn: 600, account });
    expect(must(200, await visitor.as(session.accessToken).get('/v1/me'))).toEqual(account);
  });

  it('makes a reader of whoever does not say what they come for', async () => {
    expect(must(201, await visitor.post<AccountResponse>('/v1/accounts', newcomer())).role).toBe('reader');
  });

  it('never makes a moderator or an admin', async () => {
    for (const role of ['moderator', 'admin', 'ADMIN', ''])
      expect((await visitor.post('/v1/accounts', { ...newcomer(), role })).status).toBe(400);
  });

  it('gives one mailbox one account, however the address is spelt', async () => {
    const mira = { ...newcomer(), email: `josé-${randomUUID()}@example.org` };
    must(201, await visitor.post('/v1/accounts', mira));
    const again = await visitor.post('/v1/accounts', { ...mira, email: mira.email.normalize('NFD').toUpperCase() });
    expect([again.status, again.body.type]).toEqual([409, 'urn:inkreel:problem:email-taken']);
  });

  it('lets one of ten that come at once have the address', async () => {
    const mira = newcomer();
    const answers = await Promise.all(Array.from({ length: 10 }, () => visitor.post('/v1/accounts', mira)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
  });

  it('refuses passwords that are short, one letter repeated, or the e-mail itself, and says what to do', async () => {
    const mira = newcomer();
    for (const [password, status] of [
      ['elevenchars', 400],
      ['aaaaaaaaaaaaaaaa', 422],
      [mira.email.toUpperCase(), 422],
    ] as const) {
      const refused = await visitor.post('/v1/accounts', { ...mira, password });
      expect(refused.status).toBe(status);
      expect(refused.body.detail).toMatch(/password/);
    }
  });
});

describe('signing in', () => {
  it('answers a wrong password and an unknown e-mail alike', async () => {
    const mira = newcomer();
    must(201, await visitor.post('/v1/accounts', mira));
    const wrong = await signIn({ ...mira, password: 'a lantern gone out' });
    const unknown = await signIn(newcomer());
    const told = ({ status, body }: typeof wrong) => ({ status, body: { ...body, request: '' } });
    expect(told(wrong)).toEqual(told(unknown));
    expect(wrong.body).toMatchObject({ status: 401, type: 'urn:inkreel:problem:wrong-email-or-password' });
  });

  it('takes the password in whichever way its letters are composed', async () => {
    const mira = { ...newcomer(), password: 'été à la plage'.normalize('NFC') };
    must(201, await visitor.post('/v1/accounts', mira));
    must(201, await signIn({ ...mira, password: mira.password.normalize('NFD') }));
  });

  it('is never cached', async () => {
    const { email, password } = await signUp(stack);
    expect((await signIn({ email, password })).headers['cache-control']).toBe('no-store');
  });
});

describe('refresh tokens', () => {
  it('bring the next one each time, and a new access token', async () => {
    const reader = await signUp(stack);
    const second = must(200, await refresh(reader.refreshToken));
    expect(second.refreshToken).not.toBe(reader.refreshToken);
    must(200, await visitor.as(second.accessToken).get('/v1/me'));
    must(200, await refresh(second.refreshToken));
  });

  it('are useless as soon as one has signed out with any of them', async () => {
    const reader = await signUp(stack);
    const second = must(200, await refresh(reader.refreshToken));
    must(204, await visitor.post('/v1/sessions/sign-out', { refreshToken: reader.refreshToken }));
    expect((await refresh(second.refreshToken)).body.type).toBe('urn:inkreel:problem:session-over');
    must(204, await visitor.post('/v1/sessions/sign-out', { refreshToken: second.refreshToken }));
  });

  it('are refused when forged, and the session goes on', async () => {
    const { refreshToken } = await signUp(stack);
    const [session, , mac] = refreshToken.split('.');
    for (const forged of [`${session}.2.${mac}`, `${session}.1.${'A'.repeat(43)}`, `${randomUUID()}.1.${mac}`, 'nonsense', ''])
      expect((await refresh(forged)).body.type).toBe('urn:inkreel:problem:session-over');
    must(200, await refresh(refreshToken));
  });

  it('are nowhere in the database, nor anything that could be made into one', async () => {
    const { refreshToken } = await signUp(stack);
    const [{ rows }] = await stack.sql<{ rows: string }>(`SELECT json_agg(t)::text AS rows FROM auth.session t`);
    const [session, , mac] = refreshToken.split('.');
    expect([rows.includes(session), rows.includes(mac)]).toEqual([true, false]);
  });
});

describe('access tokens', () => {
  it('can be checked by anybody with the public keys, which tell nothing private', async () => {
    const { token, id } = await signUp(stack);
    const { keys } = must(200, await visitor.get<{ keys: (JsonWebKey & { kid: string })[] }>('/.well-known/jwks.json'));
    const { kid, alg } = jwt.decode(token, { complete: true })!.header;
    const key = keys.find((one) => one.kid === kid)!;
    const claims = jwt.verify(token, createPublicKey({ key, format: 'jwk' }), { algorithms: ['ES256'], audience: 'inkreel-api' });
    expect([alg, claims.sub]).toEqual(['ES256', id]);
    expect(keys.every((one) => !('d' in one))).toBe(true);
  });

  it('are refused when altered, unsigned, signed by others, meant for something else or expired', async () => {
    const { token, id } = await signUp(stack);
    const [header, payload, signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const forged = (change: object): string => Buffer.from(JSON.stringify(change)).toString('base64url');
    const { keys } = must(200, await visitor.get<{ keys: JsonWebKey[] }>('/.well-known/jwks.json'));
    const pem = createPublicKey({ key: keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' }) as string;
    const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
    const sign = (key: typeof stranger, options: jwt.SignOptions) =>
      jwt.sign({ role: 'admin', sid: randomUUID() }, key, {
        subject: id,
        issuer: 'inkreel',
        audience: 'inkreel-api',
        expiresIn: 60,
        ...options,
      });
    const bad = {
      altered: [header, forged({ ...claims, role: 'admin' }), signature].join('.'),
      unsigned: [forged({ alg: 'none', typ: 'JWT' }), forged({ ...claims, role: 'admin' }), ''].join('.'),
      'signed by a stranger': sign(stranger, { algorithm: 'ES256' }),
      'signed with the public key as a password': sign(createSecretKey(Buffer.from(pem)), { algorithm: 'HS256' }),
      'no token at all': 'nonsense',
      empty: ' ',
    };
    for (const [how, one] of Object.entries(bad))
      for (const path of ['/v1/me', '/v1/works']) {
        const refused = await visitor.get(path, { authorization: `Bearer ${one}` });
        expect([how, path, refused.status, refused.headers['www-authenticate']]).toEqual([
          how,
          path,
          401,
          'Bearer realm="inkreel"',
        ]);
      }
    expect((await visitor.get('/v1/me', { authorization: `Basic ${token}` })).status).toBe(401);
    expect((await visitor.get(`/v1/me?access_token=${token}`)).status).not.toBe(200);
  });

  it('end when they say they do', async () => {
    const brief = await stack.startWeb({ ACCESS_TOKEN_SECONDS: '2', AUTHOR_SIGN_UP: 'invited' });
    const api = new Api(brief.url);
    const reader = await signUp({ api });
    must(200, await reader.api.get('/v1/me'));
    await until(async () => (await reader.api.get('/v1/me')).status === 401, 6_000);
    const invited = await api.post('/v1/accounts', { ...newcomer(), role: 'author' });
    expect([invited.status, invited.body.type]).toEqual([403, 'urn:inkreel:problem:authors-are-invited']);
    await brief.stop();
  });
});

describe('roles', () => {
  it('let moderators do what authors may, authors what readers may, and readers no more', async () => {
    const begin = (api: Api) => api.post('/v1/works', { title: 'A Work', language: 'en' }).then(({ status }) => status);
    const facts = (api: Api) => api.get('/v1/admin/events').then(({ status }) => status);
    const may: Record<string, number[]> = {};
    for (const role of ['reader', 'author', 'moderator', 'admin'] as const) {
      const { api } = await signUp(stack, { role });
      may[role] = [await begin(api), await facts(api)];
    }
    expect(may).toEqual({ reader: [403, 403], author: [201, 403], moderator: [201, 403], admin: [201, 200] });
    expect([await begin(visitor), await facts(visitor)]).toEqual([401, 401]);
  });

  it('are changed by admins only, never their own, and a refresh brings the new one', async () => {
    const [admin, reader, author] = [
      await signUp(stack, { role: 'admin' }),
      await signUp(stack),
      await signUp(stack, { role: 'author' }),
    ];
    const change = (by: Api, id: string, role = 'author') =>
      by.put<AccountResponse & { type: string }>(`/v1/accounts/${id}/role`, { role });
    expect((await change(author.api, reader.id)).status).toBe(403);
    expect((await change(reader.api, reader.id, 'admin')).status).toBe(403);
    expect((await change(admin.api, admin.id, 'reader')).body.type).toBe('urn:inkreel:problem:not-your-own-role');
    expect((await change(admin.api, randomUUID())).status).toBe(404);
    expect(must(200, await change(admin.api, reader.id)).role).toBe('author');
    expect((await reader.api.get('/v1/me')).body.type).toBe('urn:inkreel:problem:token-revoked');
    const { accessToken } = must(200, await refresh(reader.refreshToken));
    must(201, await visitor.as(accessToken).post('/v1/works', { title: 'Now I may', language: 'en' }));
  });

  it('begin with an admin from the configuration, who is made once', async () => {
    expect(must(201, await signIn(ADMIN)).account.role).toBe('admin');
    const late = { email: 'second@example.org', password: 'another key to it all' };
    const second = await stack.startWeb({ ADMIN_EMAIL: late.email, ADMIN_PASSWORD: late.password });
    expect((await signIn(late)).status).toBe(401);
    await second.stop();
  });
});

describe('passwords', () => {
  it('are kept as argon2id of at least 19 MiB and two passes', async () => {
    const { id } = await signUp(stack);
    const [{ hash }] = await stack.sql<{ hash: string }>('SELECT password_hash AS hash FROM auth.account WHERE id = $1', [id]);
    const [, m, t] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$/.exec(hash)!.map(Number);
    expect(m).toBeGreaterThanOrEqual(19_456);
    expect(t).toBeGreaterThanOrEqual(2);
  });

  it('are checked beside the event loop: others are answered while someone signs in', async () => {
    const reader = await signUp(stack);
    const shares: number[] = [];
    for (let person = 0; person < 20; person++) {
      const began = performance.now();
      let [pending, last, longest] = [true, began, 0];
      const signedIn = signIn(reader).finally(() => (pending = false));
      while (pending) {
        must(200, await visitor.get('/livez'));
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }
      must(201, await signedIn);
      shares.push(longest / (performance.now() - began));
    }
    // hashing is most of what signing in takes: on the loop, it would be the longest wait for an answer
    expect(shares.sort((a, b) => a - b)[10]).toBeLessThan(0.35);
  });
});
