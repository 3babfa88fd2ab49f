import { AsyncLocalStorage } from 'node:async_hooks';

/** Why the current work is done: an HTTP request, or the handling of an event. Each recorded event stores it. */
export interface Cause {
  /** The `x-request-id` of the HTTP request. */
  request?: string;
  /** The event being handled. */
  event?: string;
  /** The account that caused it. */
  actor?: string;
}

const running = new AsyncLocalStorage<Cause>();

export const Causation = {
  run: <T>(cause: Cause, work: () => T): T => running.run(cause, work),
  current: (): Cause => running.getStore() ?? {},
  /** Called by the guard, which knows the account only after the request has begun. */
  actor(id: string): void {
    const cause = running.getStore();
    if (cause) cause.actor = id;
  },
};
