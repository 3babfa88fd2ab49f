import { Controller, Get } from '@nestjs/common';
import { ACCESS, Scope } from '#libs/http/access';
import { RateLimit } from '#libs/http/rate-limit';
import { RouteMarks } from '#libs/http/route-marks';
import { SCOPES } from '#libs/kernel/actor';
import { type App, startApp } from '../support/app.js';

/** What Nest does not serve, and who keeps it: the board's hook (operations-board.e2e-spec.ts); documentation is for all. */
const OUTSIDE_NEST = [/ \/admin\/queues(\/|$)/, /^GET \/docs(\/|$)/, /^GET \/openapi\.(json|yaml)$/, /^OPTIONS \*$/];

/** Routes of which the code does not say who may call them. */
function withoutMark({ routes, handlers }: App): string[] {
  const isMarked = (route: string): boolean => {
    const handler = handlers.get(route);
    if (!handler) return OUTSIDE_NEST.some((kept) => kept.test(route));
    const mark = Reflect.getMetadata(ACCESS, handler.method) as string;
    return ['public', 'authenticated', ...SCOPES].includes(mark);
  };
  return routes.filter((route) => !isMarked(route));
}

@Controller('forgotten')
class Forgotten {
  @Get('door')
  @RateLimit('read')
  open(): string {
    return 'come in';
  }
  @Get('kept')
  @RateLimit('read')
  @Scope('admin')
  kept(): string {
    return 'for admins';
  }
}

@Controller('unlimited')
class Unlimited {
  @Get('door')
  @Scope('admin')
  open(): string {
    return 'come in';
  }
}
const PLANTED = ['GET /beside-nest', 'GET /forgotten/door'];

let app: App;
beforeAll(async () => {
  // its start would be refused (libs/http/route-marks.spec.ts): here it is let through to the guard
  app = await startApp(
    [Forgotten],
    (fastify) => void fastify.get('/beside-nest', { config: { rateLimit: { class: 'read', also: [] } } }, () => 'come in'),
    [RouteMarks],
  );
}, 90_000);

it('every route of the server says who may call it', () => {
  expect(withoutMark(app).filter((route) => !PLANTED.includes(route))).toEqual([]);
  // and it was the whole server that was looked at
  expect(app.routes).toEqual(
    expect.arrayContaining(['GET /v1/chapters/:id', 'POST /v1/accounts', 'GET /livez', 'GET /admin/queues']),
  );
  expect([...app.handlers.keys()].filter((route) => !app.routes.includes(route))).toEqual([]);
});

it('one that does not say so is found by this test', () => {
  expect(withoutMark(app)).toEqual(expect.arrayContaining(PLANTED));
});

it('and is closed to everybody', async () => {
  const refused = await app.fastify.inject('/forgotten/door');
  expect([refused.statusCode, refused.json<{ type: string }>().type]).toEqual([403, 'urn:inkreel:problem:route-without-mark']);
  expect((await app.fastify.inject('/forgotten/kept')).statusCode).toBe(401);
});

it('a server with a route that has no rate limit does not start', async () => {
  await expect(startApp([Unlimited])).rejects.toThrow(/^These routes have no rate limit: GET \/unlimited\/door/);
}, 90_000);
