/**
 * The W3C's `traceparent` (https://www.w3.org/TR/trace-context/): version, trace, parent and flags, as
 * `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. A trace goes through a request, the events it records and the jobs
 * that handle them, and on to whatever is called with it.
 */
import { randomBytes } from 'node:crypto';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The next step of the trace that `parent` names, or the first step of a new trace when it names none. */
export function continueTrace(parent?: string | null): string {
  const [, version, trace, span, flags, more] = TRACEPARENT.exec(parent?.slice(0, 512) ?? '') ?? [];
  const isValid =
    version !== undefined &&
    version !== 'ff' &&
    (version !== '00' || more === undefined) &&
    /[^0]/.test(trace) &&
    /[^0]/.test(span);
  // the flags we know of: sampled
  const [id, sampled] = isValid ? [trace, parseInt(flags, 16) & 1] : [randomBytes(16).toString('hex'), 0];
  return `00-${id}-${randomBytes(8).toString('hex')}-0${sampled}`;
}

export const traceId = (traceparent: string): string => traceparent.slice(3, 35);
