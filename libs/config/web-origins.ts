/** Origins of pages that browsers let call the API (CORS, and the Origin of a WebSocket): `https://read.example.org`, or any port of a host as `http://localhost:*`. */

export const DEVELOPMENT_ORIGINS = ['http://localhost:*', 'http://127.0.0.1:*'];

const ANY_PORT = ':*';

/** @returns the entries that are no origin. */
export const notOrigins = (entries: readonly string[]): string[] =>
  entries.filter((entry) => {
    const plain = withoutAnyPort(entry);
    return !URL.canParse(plain) || !/^https?:$/.test(new URL(plain).protocol) || new URL(plain).origin !== plain;
  });

/**
 *   const isAllowed = originMatcher(['https://read.example.org', 'http://localhost:*']);
 *   isAllowed('http://localhost:5173') // true
 */
export function originMatcher(entries: readonly string[]): (origin: string) => boolean {
  const exact = new Set(entries);
  const hosts = new Set(entries.filter((entry) => entry.endsWith(ANY_PORT)).map(withoutAnyPort));
  return (origin) => exact.has(origin) || hosts.has(origin.replace(/:\d{1,5}$/, ''));
}

const withoutAnyPort = (entry: string): string => (entry.endsWith(ANY_PORT) ? entry.slice(0, -ANY_PORT.length) : entry);
