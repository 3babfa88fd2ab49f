import { RATE_LIMITS, readRateLimits } from './rate-limits.js';

function read(text: string): { problems: string[]; budgets: ReturnType<typeof readRateLimits> } {
  const problems: string[] = [];
  const budgets = readRateLimits(text.split(',').filter(Boolean), (problem) => problems.push(problem));
  return { problems, budgets };
}

it('has a default for each budget', () => {
  expect(read('')).toEqual({ problems: [], budgets: RATE_LIMITS });
});

it('changes the budgets that are named and leaves the others', () => {
  const { problems, budgets } = read('write=120/30,sign-up=5/3600');
  expect(problems).toEqual([]);
  expect(budgets).toEqual({
    ...RATE_LIMITS,
    write: { requests: 120, seconds: 30 },
    'sign-up': { requests: 5, seconds: 3_600 },
  });
});

it('takes `all` for every budget, and what comes later goes before', () => {
  const { budgets } = read('all=9/9,read=7/7');
  expect(budgets.heavy).toEqual({ requests: 9, seconds: 9 });
  expect(budgets.read).toEqual({ requests: 7, seconds: 7 });
});

it.each([
  'write',
  'write=',
  'write=0/60',
  'write=60/0',
  'write=60/86401',
  'write=-1/60',
  'wirte=60/60',
  'constructor=1/1',
  '=1/1',
])('says what is wrong with %j', (entry) => {
  const { problems, budgets } = read(entry);
  expect(problems).toEqual([expect.stringMatching(/^RATE_LIMITS: /)]);
  expect(budgets).toEqual(RATE_LIMITS);
});
