/** Who a request comes from, for counting: one IPv4 address, or one IPv6 /64, which is the least that one customer is given (RFC 6177). */
import type { IncomingMessage } from 'node:http';

/**
 *   addressKey('203.0.113.7')             // '203.0.113.7'
 *   addressKey('::ffff:203.0.113.7')      // '203.0.113.7'
 *   addressKey('2001:db8:1:2:aaaa::1')    // '2001:db8:1:2'
 */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const [head, tail] = address.split('%')[0].toLowerCase().split('::');
  const before = groups(head);
  const after = groups(tail);
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const all = [...before, ...Array<string>(missing).fill('0'), ...after];
  const isMapped = all.slice(0, 5).every((group) => Number(`0x${group}`) === 0) && all[5] === 'ffff';
  if (isMapped) return dotted(all.slice(6));
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

/** The 16-bit groups of one side of `::`; a dotted IPv4 at the end counts as two. */
function groups(side = ''): string[] {
  return side
    .split(':')
    .filter(Boolean)
    .flatMap((group) => {
      if (!group.includes('.')) return [group];
      const [a, b, c, d] = group.split('.').map(Number);
      return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
    });
}

const dotted = (pair: string[]): string =>
  pair
    .map((group) => parseInt(group, 16))
    .map((n) => `${n >> 8}.${n & 255}`)
    .join('.');

/**
 * The client's address of a request that Fastify does not see (a WebSocket upgrade), as `request.ip` has it elsewhere.
 * @param trustedProxies how many hops of X-Forwarded-For are believed (TRUST_PROXY).
 */
export function clientAddress(request: IncomingMessage, trustedProxies: number): string {
  const forwarded = [request.headers['x-forwarded-for'] ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((one) => one.trim());
  const nearestFirst = [request.socket.remoteAddress ?? '', ...forwarded.filter(Boolean).reverse()];
  return nearestFirst[Math.min(trustedProxies, nearestFirst.length - 1)];
}
