import { readFileSync } from 'node:fs';
import { RATE_LIMITS, type RateBudgetName } from '#libs/config/rate-limits';
import { BUDGETS } from './rate-limit.js';

const PAGE = 'docs/limits.md';

const length = (seconds: number): string =>
  seconds % 3_600 === 0 ? `${seconds / 3_600} h` : seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;

const described = (name: RateBudgetName): string[] => {
  const { requests, seconds } = RATE_LIMITS[name];
  const { per, countedIn, withoutRedis, counts } = BUDGETS[name];
  const away = countedIn === 'process' ? 'the same' : withoutRedis === 'refuse' ? '503' : 'counted in each process';
  return [`\`${name}\``, counts, per, `${requests.toLocaleString('en')} in ${length(seconds)}`, countedIn, away];
};

it(`${PAGE} shows each budget as it is`, () => {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(rows).toEqual((Object.keys(BUDGETS) as RateBudgetName[]).map(described));
});
