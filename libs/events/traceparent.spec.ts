import { continueTrace, traceId } from './traceparent.js';

const GIVEN = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

it('goes on in the trace that was given, as a step of its own', () => {
  const next = continueTrace(GIVEN);
  expect(next).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
  expect(next).not.toBe(GIVEN);
  expect(traceId(next)).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
});

it('understands a later version, and of its flags that it is sampled', () => {
  expect(continueTrace('cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-what.the.future.brings')).toMatch(
    /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/,
  );
});

it.each([
  undefined,
  null,
  '',
  'nonsense',
  GIVEN.toUpperCase(),
  `${GIVEN}-more`,
  `ff${GIVEN.slice(2)}`,
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  ` ${GIVEN}`,
  `${GIVEN}${'-'.repeat(100_000)}`,
])('begins a new trace for %j', (given) => {
  const one = continueTrace(given);
  expect(one).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(traceId(one)).not.toBe(traceId(continueTrace(given)));
  expect(one).not.toContain('4bf92f3577b34da6a3ce929d0e0e4736');
});
