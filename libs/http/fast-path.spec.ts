import 'reflect-metadata';
import { Controller, Get, Injectable, Param, Res } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyReply, InjectOptions } from 'fastify';
import { type Actor, accountActor } from '#libs/kernel/actor';
import { type Authority, TokenVerifier } from '#libs/kernel/token-verifier';
import { Authenticated, Public, Scope } from './access.js';
import type { CachedAnswer } from './cached-answer.js';
import { FastPath, type FastPathSource, openFastPaths } from './fast-path.js';

@Injectable()
class Lamps implements FastPathSource {
  readonly asked: [string, Actor | undefined][] = [];
  readonly lit: CachedAnswer = { etag: '"1"', json: Buffer.from('{"lamp":"lit"}') };

  peek(id: string, actor: Actor | undefined): CachedAnswer | undefined {
    this.asked.push([id, actor]);
    return id === 'unknown' ? undefined : this.lit;
  }
}

@Controller('lamps')
class LampsController {
  @Get('public/:id')
  @Public()
  @FastPath(Lamps)
  publicly(@Param('id') id: string, @Res() reply: FastifyReply): void {
    void reply.send(`handler: ${id}`);
  }
  @Get('unmarked/:id')
  @FastPath(Lamps)
  unmarked(): string {
    return 'handler';
  }
  @Get('authenticated/:id')
  @Authenticated()
  @FastPath(Lamps)
  authenticated(): string {
    return 'handler';
  }
  @Get('scoped/:id')
  @Scope('chapters:read')
  @FastPath(Lamps)
  scoped(): string {
    return 'handler';
  }
  @Get('slow/:id')
  @Public()
  slow(): string {
    return 'handler';
  }
}

const ANN = accountActor({ id: 'ann', role: 'reader' });

/** Remembers one token. */
class Tokens extends TokenVerifier {
  verify = (): Promise<Authority> => Promise.reject(new Error('the fast path waits for nothing'));
  confirm = (): Promise<void> => Promise.reject(new Error('the fast path waits for nothing'));
  remembered = (token: string): Authority | undefined =>
    token === 'seen' ? { actor: ANN, sessionId: 's1', epoch: 1, expiresAt: new Date() } : undefined;
}

let app: NestFastifyApplication;
let lamps: Lamps;
beforeAll(async () => {
  const module = await Test.createTestingModule({
    controllers: [LampsController],
    providers: [Lamps, { provide: TokenVerifier, useClass: Tokens }],
  }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
  openFastPaths(app);
  await app.init();
  lamps = app.get(Lamps);
});
beforeEach(() => lamps.asked.splice(0));
afterAll(() => app.close());

const get = (url: string, more: Partial<InjectOptions> = {}) => app.inject({ method: 'GET', url, ...more } as never);
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('The fast path', () => {
  it('answers a visitor, and an account whose token was seen before, as that account', async () => {
    for (const more of [{}, bearer('seen')]) {
      const answer = await get('/lamps/public/1', more);
      expect([answer.statusCode, answer.body, answer.headers.etag]).toEqual([200, '{"lamp":"lit"}', '"1"']);
    }
    expect(lamps.asked).toEqual([
      ['1', undefined],
      ['1', ANN],
    ]);
  });

  it('answers 304 to whoever has it already', async () => {
    const { statusCode, body } = await get('/lamps/public/1', { headers: { 'if-none-match': 'W/"0", "1"' } });
    expect([statusCode, body]).toEqual([304, '']);
  });

  it('leaves it to the handler when the answer is not in memory', async () => {
    expect((await get('/lamps/public/unknown')).body).toBe('handler: unknown');
  });

  it.each(['/lamps/unmarked/1', '/lamps/authenticated/1', '/lamps/scoped/1', '/lamps/slow/1'])(
    'leaves %s to the guard and the handler, also with a token that was seen before',
    async (url) => {
      for (const more of [{}, bearer('seen')]) expect((await get(url, more)).body).toBe('handler');
      expect(lamps.asked).toEqual([]);
    },
  );

  it.each<[string, string, Partial<InjectOptions>]>([
    ['a token that was not seen before', '', bearer('other')],
    ['no token behind Bearer', '', bearer('')],
    ['another scheme', '', { headers: { authorization: 'Basic YTpi' } }],
    ['a query', '?a=1', {}],
    ['a body', '', { payload: '{}', headers: { 'content-type': 'application/json' } }],
  ])('leaves a request with %s to the guard and the handler', async (_, rest, more) => {
    expect((await get(`/lamps/public/1${rest}`, more)).body).toBe('handler: 1');
    expect(lamps.asked).toEqual([]);
  });
});
