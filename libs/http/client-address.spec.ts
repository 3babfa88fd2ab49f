import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { addressKey, clientAddress } from './client-address.js';

describe('the key of an address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['2001:db8:1:2:aaaa::1', '2001:db8:1:2'],
    ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['', ''],
  ])('of %s is %s', (address, key) => expect(addressKey(address)).toBe(key));

  it('is the same for all addresses of one /64 and differs between two of them', () => {
    const group = fc.nat(0xffff).map((n) => n.toString(16));
    const half = fc.array(group, { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(half, half, half, half, (prefix, other, one, two) => {
        fc.pre(prefix.join() !== other.join() && prefix.some((g) => g !== '0') && other.some((g) => g !== '0'));
        const key = (a: string[], b: string[]): string => addressKey([...a, ...b].join(':'));
        expect(key(prefix, one)).toBe(key(prefix, two));
        expect(key(prefix, one)).not.toBe(key(other, one));
      }),
    );
  });
});

describe('the address of a client', () => {
  const from = (remoteAddress: string, forwarded?: string): IncomingMessage =>
    ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as never;

  it.each([
    [0, '198.51.100.9'],
    [1, '203.0.113.2'],
    [2, '203.0.113.1'],
    [5, '203.0.113.1'],
  ])('behind %i proxies is %s', (proxies, address) => {
    expect(clientAddress(from('198.51.100.9', '203.0.113.1, 203.0.113.2'), proxies)).toBe(address);
  });

  it('is that of the connection when nothing is forwarded', () => {
    expect(clientAddress(from('198.51.100.9'), 2)).toBe('198.51.100.9');
  });
});
