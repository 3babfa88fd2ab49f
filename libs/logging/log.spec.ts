import { Causation } from '#libs/events/causation';
import { createLog, NestLog } from './log.js';
import { withoutSecrets } from './redaction.js';

function logOf(level: 'warn' | 'debug' | 'silent' = 'debug'): {
  lines: string[];
  last(): Record<string, unknown>;
  log: NestLog;
  pino: ReturnType<typeof createLog>;
} {
  const lines: string[] = [];
  const pino = createLog({ logLevel: level }, 'web', { write: (line) => void lines.push(line) });
  return { lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown>, log: new NestLog(pino), pino };
}

it('writes one JSON object a line, with the time, the process and the context', () => {
  const { last, log } = logOf();
  log.warn('Redis was emptied', 'Relay');
  expect(last()).toMatchObject({ level: 40, process: 'web', context: 'Relay', msg: 'Redis was emptied' });
  expect(last().time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

it('names the request, the event, the account and the trace on whose behalf it is written', () => {
  const { last, log } = logOf();
  const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  Causation.run({ request: 'request-1', event: 'event-1', parent }, () => {
    Causation.actor('account-1');
    log.log('said', 'Here');
  });
  expect(last()).toMatchObject({
    request: 'request-1',
    event: 'event-1',
    actor: 'account-1',
    trace: '4bf92f3577b34da6a3ce929d0e0e4736',
  });
});

it('keeps one trace for all lines of one piece of work', () => {
  const { lines, log } = logOf();
  Causation.run({ request: 'request-1' }, () => ['one', 'two'].forEach((text) => log.log(text)));
  const [one, two] = lines.map((line) => (JSON.parse(line) as { trace: string }).trace);
  expect(one).toMatch(/^[0-9a-f]{32}$/);
  expect(two).toBe(one);
});

it('logs an error with its type, its stack and its causes, wherever Nest puts it', () => {
  const { last, log } = logOf();
  const error = new TypeError('broken', { cause: new Error('worn out') });
  log.error('GET /v1/works failed', error, 'Problem');
  expect(last()).toMatchObject({ level: 50, context: 'Problem', msg: 'GET /v1/works failed', err: { type: 'TypeError' } });
  expect((last().err as { stack: string }).stack).toMatch(/broken[\s\S]+worn out/);
  log.error('told by Nest', error.stack, 'ExceptionsHandler');
  expect(last()).toMatchObject({ context: 'ExceptionsHandler', stack: error.stack });
  log.error(error);
  expect(last()).toMatchObject({ msg: 'broken', err: { type: 'TypeError' } });
});

it('leaves out what is below its level', () => {
  for (const [level, expected] of [
    ['debug', 5],
    ['warn', 3],
    ['silent', 0],
  ] as const) {
    const { lines, log } = logOf(level);
    for (const write of [log.verbose, log.debug, log.log, log.warn, log.error, log.fatal]) write('said');
    expect(lines).toHaveLength(expected);
  }
});

describe('a secret', () => {
  const SECRET = 'hV7-xyz.123_abc~Q==';

  it.each([
    { authorization: `Bearer ${SECRET}` },
    { headers: { cookie: `inkreel_board=${SECRET}`, authorization: SECRET } },
    { req: { headers: { 'set-cookie': SECRET } } },
    { body: { password: SECRET, refreshToken: SECRET } },
    { accessToken: SECRET },
    { url: `/v1/live/chapter:1/events?since=1&ticket=${SECRET}` },
    { err: new Error(`connect postgres://inkreel:${SECRET}@db:5432/inkreel failed`) },
  ])('does not stand in the line of %j', (fields) => {
    const { lines, pino } = logOf();
    pino.error(fields, 'failed');
    expect(lines[0]).not.toContain(SECRET);
    expect(lines[0]).toContain('[redacted]');
    expect(() => JSON.parse(lines[0]) as unknown).not.toThrow();
  });

  it('does not stand in the text of a line either', () => {
    for (const text of [
      `sent Authorization: Bearer ${SECRET}`,
      `GET /v1/objects/a?expires=1&signature=${SECRET}&type=x`,
      `PUT https://s3.example.org/a?X-Amz-Signature=${SECRET}`,
      `redis://:${SECRET}@redis:6379`,
    ]) {
      const { lines, log } = logOf();
      log.warn(text);
      expect(lines[0]).not.toContain(SECRET);
    }
  });

  it('is looked for in linear time', () => {
    for (const unit of ['Bearer ', '://a:', '?token=', '&', ':', '@', 'a', '://', '://:a']) {
      const took = (length: number): number => {
        const text = unit.repeat(length / unit.length);
        const began = performance.now();
        withoutSecrets(text);
        return performance.now() - began;
      };
      took(10_000);
      expect(took(400_000)).toBeLessThan(2_000); // quadratic: minutes
    }
  });
});
