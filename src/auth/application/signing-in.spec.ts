/** How refresh tokens behave when tabs refresh at once, answers are lost and tokens are copied, in any order. */
import { createSecretKey, randomBytes } from 'node:crypto';
import fc, { type Scheduler } from 'fast-check';
import { DomainError } from '#libs/kernel/domain-error';
import type { DomainEvent } from '#libs/kernel/outbox';
import { InMemoryUnitOfWork } from '#libs/kernel/unit-of-work.in-memory';
import { Account } from '../domain/account.js';
import { InMemoryAccountRepository, InMemorySessionRepository, PlainPasswordHasher } from '../domain/ports.in-memory.js';
import { TokenIssuer } from '../domain/ports.js';
import type { Session } from '../domain/session.js';
import { readRefreshToken, writeRefreshToken } from '../infrastructure/refresh-token.js';
import { SigningIn } from './signing-in.js';

const KEY = createSecretKey(randomBytes(32));
const SECOND = 1_000;

/** Each access waits for its turn, which the scheduler gives in random order. */
class ScheduledSessions extends InMemorySessionRepository {
  rotations = 0;
  constructor(
    unitOfWork: InMemoryUnitOfWork,
    private readonly turn: (what: string) => Promise<void>,
  ) {
    super(unitOfWork);
  }
  override async find(id: string): Promise<Session | undefined> {
    await this.turn('find');
    return super.find(id);
  }
  override async get(id: string): Promise<Session | undefined> {
    await this.turn('get');
    return super.get(id);
  }
  override async rotate(session: Session): Promise<boolean> {
    await this.turn('rotate');
    const rotated = await super.rotate(session);
    if (rotated) this.rotations++;
    return rotated;
  }
}

class RealRefreshTokens extends TokenIssuer {
  refreshToken(sessionId: string, generation: number): string {
    return writeRefreshToken(KEY, sessionId, generation);
  }
  readRefreshToken(token: string): { sessionId: string; generation: number } | undefined {
    return readRefreshToken(KEY, token);
  }
  signAccess(): { token: string; expiresIn: number } {
    return { token: 'access', expiresIn: 600 };
  }
}

class World {
  readonly unitOfWork = new InMemoryUnitOfWork();
  readonly sessions: ScheduledSessions;
  private readonly accounts = new InMemoryAccountRepository(this.unitOfWork);
  private readonly signingIn: SigningIn;

  constructor(scheduler?: Scheduler) {
    const turn = (what: string): Promise<void> => scheduler?.schedule(Promise.resolve(), what) ?? Promise.resolve();
    this.sessions = new ScheduledSessions(this.unitOfWork, turn);
    const passwords = new PlainPasswordHasher();
    this.signingIn = new SigningIn(this.unitOfWork, this.accounts, this.sessions, passwords, new RealRefreshTokens());
  }

  get events(): readonly DomainEvent[] {
    return this.unitOfWork.events;
  }
  passes(ms: number): void {
    this.unitOfWork.now = new Date(this.unitOfWork.now.getTime() + ms);
  }
  async signIn(): Promise<{ id: string; token: string }> {
    const [email, passwordHash] = ['a@b.c', await new PlainPasswordHasher().hash('open')];
    if (!(await this.accounts.findByEmail(email))) {
      const { account } = Account.appoint({ email, name: 'Ann', passwordHash, role: 'reader' }, this.unitOfWork.now);
      await this.unitOfWork.run(() => this.accounts.save(account));
    }
    const { refreshToken: token } = await this.signingIn.signIn(email, 'open', '');
    return { id: readRefreshToken(KEY, token)!.sessionId, token };
  }
  /** @returns the next refresh token, or the code of the refusal. */
  async refresh(token: string): Promise<string> {
    try {
      return (await this.signingIn.refresh(token)).refreshToken;
    } catch (error) {
      if (error instanceof DomainError) return error.code;
      throw error;
    }
  }
  signOut(token: string): Promise<void> {
    return this.signingIn.signOut(token);
  }
  generation(id: string): number {
    return this.sessions.rows.get(id)!.generation;
  }
}

const token = (id: string, generation: number): string => writeRefreshToken(KEY, id, generation);

describe('Refresh tokens', () => {
  it('keep tabs signed in that refresh at once and lose answers, and give all of them the very same token', () =>
    fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.record({ lost: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }), rest: fc.nat(86_400) }), {
          maxLength: 12,
        }),
        async (scheduler, rounds) => {
          const world = new World(scheduler);
          const { token: first, id } = await world.signIn();
          let shared = first; // what the tabs of one browser have in common
          for (const { lost, rest } of rounds) {
            const answers = await scheduler.waitFor(Promise.all(lost.map(() => world.refresh(shared))));
            expect(new Set(answers).size).toBe(1);
            expect(readRefreshToken(KEY, answers[0])).toMatchObject({ sessionId: id });
            const allLost = lost.every(Boolean);
            if (!allLost) [shared] = answers;
            world.passes(SECOND * (allLost ? Math.min(rest, 2) : rest));
          }
          expect(world.events.some(({ type }) => type === 'SessionEnded')).toBe(false);
        },
      ),
      { numRuns: 150 },
    ));

  it('are accepted exactly when they are current, or were current until thirty seconds ago', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ behind: fc.nat(4), wait: fc.oneof(fc.constantFrom(0, 30_000, 30_001), fc.nat(90_000)) }), {
          maxLength: 30,
        }),
        async (steps) => {
          const world = new World();
          const [{ id }, other] = [await world.signIn(), await world.signIn()];
          let [current, replacedAt, ended] = [1, -Infinity, false];
          for (const { behind, wait } of steps) {
            world.passes(wait);
            const presented = Math.max(1, current - behind);
            const answer = await world.refresh(token(id, presented));
            if (ended) expect(answer).toBe('session-over');
            else if (presented === current) {
              expect(answer).toBe(token(id, ++current));
              replacedAt = world.unitOfWork.now.getTime();
            } else if (presented === current - 1 && world.unitOfWork.now.getTime() - replacedAt <= 30_000)
              expect(answer).toBe(token(id, current));
            else {
              expect(answer).toBe('refresh-token-replayed');
              ended = true;
            }
          }
          expect(world.events.filter(({ type }) => type === 'SessionEnded')).toHaveLength(ended ? 1 : 0);
          expect(await world.refresh(other.token)).toBe(token(other.id, 2)); // whatever happened to the first
        },
      ),
    ));

  it('never go backwards and never skip, in whatever order requests reach storage', () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.nat(6), { minLength: 2, maxLength: 12 }), async (scheduler, generations) => {
        const world = new World(scheduler);
        const { id } = await world.signIn();
        const asked = generations.map(async (generation) => ({
          generation: generation + 1,
          answer: await world.refresh(token(id, generation + 1)),
        }));
        const answers = await scheduler.waitFor(Promise.all(asked));
        let highest = 1;
        for (const { generation, answer } of answers) {
          const next = readRefreshToken(KEY, answer)?.generation;
          if (next === undefined) continue;
          expect(next).toBe(generation + 1);
          highest = Math.max(highest, next);
        }
        expect(world.generation(id)).toBe(highest);
        expect(world.sessions.rotations).toBe(highest - 1);
        const replayed = answers.some(({ answer }) => answer === 'refresh-token-replayed');
        expect(world.events.filter(({ type }) => type === 'SessionEnded')).toHaveLength(replayed ? 1 : 0);
      }),
      { numRuns: 300 },
    ));

  it('are refused when the session ends while one is on its way', async () => {
    const world = new World();
    const { token: first, id } = await world.signIn();
    const rotate = world.sessions.rotate.bind(world.sessions);
    let goOn!: () => void;
    const signedOut = new Promise<void>((resolve) => (goOn = resolve));
    world.sessions.rotate = async (session) => {
      await signedOut;
      return rotate(session);
    };
    const refreshing = world.refresh(first);
    await world.signOut(first);
    goOn();
    expect([await refreshing, world.generation(id)]).toEqual(['session-over', 1]);
  });

  it('are refused when forged, and that ends nothing', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(89), fc.constantFrom('A', '0', '.', '-', 'é', ''), async (at, sign) => {
        const world = new World();
        const { token: genuine, id } = await world.signIn();
        const forged = genuine.slice(0, at) + sign + genuine.slice(at + 1);
        fc.pre(forged !== genuine);
        expect(await world.refresh(forged)).toBe('session-over');
        await world.signOut(forged);
        expect(await world.refresh(genuine)).toBe(token(id, 2));
      }),
    ));

  it('are read in one step however long they are', () => {
    for (const long of [
      `${'0'.repeat(1_000_000)}`,
      `${token('0197f0f6-3a51-7b3e-8b62-0a4be0d3f001', 1)}${'-'.repeat(1_000_000)}`,
    ])
      expect(readRefreshToken(KEY, long)).toBeUndefined();
  });

  it('end their session on signing out, whichever generation comes', async () => {
    const world = new World();
    const { token: first, id } = await world.signIn();
    await world.refresh(first);
    await world.signOut(first);
    await world.signOut(first);
    expect(await world.refresh(token(id, 2))).toBe('session-over');
    expect(world.events.filter(({ type }) => type === 'SessionEnded')).toMatchObject([{ data: { because: 'signed-out' } }]);
  });
});
