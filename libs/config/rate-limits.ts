/** How many requests a client may send: the defaults, and how `RATE_LIMITS` changes them. What each one counts: libs/http/rate-limit.ts. */

export interface RateBudget {
  readonly requests: number;
  /** Length of the window, which begins with the first request counted. */
  readonly seconds: number;
}

export const RATE_LIMITS = {
  read: { requests: 1_200, seconds: 60 },
  write: { requests: 60, seconds: 60 },
  heavy: { requests: 20, seconds: 60 },
  live: { requests: 300, seconds: 60 },
  auth: { requests: 300, seconds: 60 },
  'sign-in': { requests: 10, seconds: 900 },
  'sign-in-address': { requests: 30, seconds: 600 },
  'sign-up': { requests: 20, seconds: 3_600 },
  'sign-up-process': { requests: 120, seconds: 60 },
  comment: { requests: 20, seconds: 60 },
} as const satisfies Record<string, RateBudget>;

export type RateBudgetName = keyof typeof RATE_LIMITS;
export type RateBudgets = Readonly<Record<RateBudgetName, RateBudget>>;

const NAMES = Object.keys(RATE_LIMITS) as RateBudgetName[];
const ENTRY = /^([a-z-]+)=(\d{1,9})\/(\d{1,6})$/;
const LONGEST_SECONDS = 86_400;

/**
 * Reads `RATE_LIMITS`: comma-separated `<name>=<requests>/<seconds>`, where `all` means every name and a later entry wins.
 *
 *   RATE_LIMITS=write=120/60,sign-up=100/3600
 *
 * @param refuse is told of each entry that cannot be understood.
 */
export function readRateLimits(entries: readonly string[], refuse: (problem: string) => void): RateBudgets {
  const budgets: Record<RateBudgetName, RateBudget> = { ...RATE_LIMITS };
  for (const entry of entries) {
    const [, name, requests, seconds] = ENTRY.exec(entry) ?? [];
    const budget = { requests: Number(requests), seconds: Number(seconds) };
    if (!name || budget.requests < 1 || budget.seconds < 1 || budget.seconds > LONGEST_SECONDS)
      refuse(
        `RATE_LIMITS: "${entry}" is not <name>=<requests>/<seconds>, like write=60/60, with up to ${LONGEST_SECONDS} seconds.`,
      );
    else if (name === 'all') for (const each of NAMES) budgets[each] = budget;
    else if (NAMES.includes(name as RateBudgetName)) budgets[name as RateBudgetName] = budget;
    else refuse(`RATE_LIMITS: there is no budget "${name}", only all, ${NAMES.join(', ')}.`);
  }
  return budgets;
}
