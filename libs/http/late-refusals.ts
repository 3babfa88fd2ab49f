/**
 * Refusals of live connections wait for a second. A client that tries again as soon as it was refused then costs one refusal a second
 * for each of its connections, instead of as many as the event loop can make, for which all other clients would have to wait.
 */
const WAIT_MS = 1_000;
/** Refusals that wait at the same time; a waiting one costs a socket. Above it they are sent at once. */
const MOST = 1_000;

let waiting = 0;

/** @example refuseLater(() => socket.end(refusal)); */
export function refuseLater(refuse: () => void): void {
  if (waiting >= MOST) return refuse();
  waiting++;
  setTimeout(() => {
    waiting--;
    refuse();
  }, WAIT_MS);
}
