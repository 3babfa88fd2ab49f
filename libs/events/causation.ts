import { AsyncLocalStorage } from 'node:async_hooks';
import { continueTrace, traceId } from './traceparent.js';

/** Why the current work is done: an HTTP request, or the handling of an event. Each recorded event stores it. */
export interface Cause {
  /** The `x-request-id` of the HTTP request. */
  request?: string;
  /** The event being handled. */
  event?: string;
  /** The account that caused it. */
  actor?: string;
  /** The `traceparent` that came with the request, or is stored with the event. */
  parent?: string | null;
  /** The `traceparent` of this work, made when it is first asked for. */
  trace?: string;
}

const running = new AsyncLocalStorage<Cause>();

const traceOf = (cause: Cause): string => (cause.trace ??= continueTrace(cause.parent));

export const Causation = {
  run: <T>(cause: Cause, work: () => T): T => running.run(cause, work),
  current: (): Cause => running.getStore() ?? {},
  /** Called by the guard, which knows the account only after the request has begun. */
  actor(id: string): void {
    const cause = running.getStore();
    if (cause) cause.actor = id;
  },
  /** The `traceparent` to store with an event or to send with a request to another server. */
  trace(): string | undefined {
    const cause = running.getStore();
    return cause && traceOf(cause);
  },
  /** For each line of the log. */
  names(): { request?: string; event?: string; actor?: string; trace?: string } {
    const cause = running.getStore();
    if (!cause) return {};
    const { request, event, actor } = cause;
    return { request, event, actor, trace: traceId(traceOf(cause)) };
  },
};
