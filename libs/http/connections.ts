/**
 * Limits of a connection and of a request's head, which hold before any route is looked for: slow or silent connections are closed,
 * and a head that two servers in a row could read in two ways is refused (RFC 9112 §3.2 and §11.2).
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';
import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '#libs/config/config';
import { BadRequest } from './problems.js';

/** Longer addresses are 414. The longest of ours, a signed link, has about 700 characters. */
const MAX_URL = 4_096;
const MAX_QUERY_PARAMETERS = 32;
const MAX_HEADERS = 100;

/** Options of the Fastify server. */
export function connectionLimits(config: Config) {
  return {
    http: {
      maxHeaderSize: 16_384,
      /** From the first byte, and from the opening of a connection that sends none. */
      headersTimeout: 10_000,
      /** Node looks for expired connections this often; its default of 30 s lets a connection live 40 s. */
      connectionsCheckingInterval: 2_000,
      /** Node's own answer has no body: refuseAmbiguousHead says the same as a problem document. */
      requireHostHeader: false,
    },
    /** For the whole request: the largest picture (12 MB) needs 1.6 Mbit/s. */
    requestTimeout: 60_000,
    /** A proxy keeps its connections open, mostly for 60 s, and must not find one closed as it uses it. Others open a new one. */
    keepAliveTimeout: config.trustProxy > 0 ? 65_000 : 10_000,
  };
}

/** Runs before every other hook, for every request that Node could read, also those for which there is no route. */
export function guardConnections(fastify: FastifyInstance, config: Config): void {
  const warnOfProxy = config.trustProxy > 0 ? undefined : proxyWarning();
  fastify.addHook('onRequest', (request, reply, done) => {
    warnOfProxy?.(request);
    const refusal = refusalOfHead(request.raw);
    if (refusal) void reply.header('connection', 'close');
    done(refusal);
  });
}

function refusalOfHead({ httpVersionMajor, httpVersionMinor, rawHeaders, url = '' }: IncomingMessage): BadRequest | undefined {
  if (httpVersionMajor !== 1) return new BadRequest('http-version', 'Only HTTP/1.1 and 1.0 are served: send HTTP/1.1.');
  if (rawHeaders.length > MAX_HEADERS * 2)
    return new BadRequest('too-many-headers', `Send at most ${MAX_HEADERS} headers.`, {}, 431);
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i].length === 4 && rawHeaders[i].toLowerCase() === 'host') hosts++;
  if (hosts > 1) return new BadRequest('host-header-repeated', 'Send one Host header: two could be read in two ways.');
  if (hosts < 1 && httpVersionMinor > 0) return new BadRequest('host-header-missing', 'HTTP/1.1 requires a Host header.');
  if (url.length > MAX_URL) return new BadRequest('url-too-long', `The address may have ${MAX_URL} characters.`, {}, 414);
  return hasManyParameters(url)
    ? new BadRequest('too-many-query-keys', `The query may hold ${MAX_QUERY_PARAMETERS} parameters.`)
    : undefined;
}

function hasManyParameters(url: string): boolean {
  let parameters = 1;
  for (let at = url.indexOf('&'); at >= 0; at = url.indexOf('&', at + 1)) parameters++;
  return parameters > MAX_QUERY_PARAMETERS;
}

/** Says once in the log that a proxy seems to stand in front while nobody told us, as every reader then has the proxy's address. */
function proxyWarning(): (request: FastifyRequest) => void {
  let isWarned = false;
  return ({ raw: { headers, socket } }) => {
    if (isWarned || (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined)) return;
    if (!isPrivate(socket.remoteAddress ?? '')) return;
    isWarned = true;
    new Logger('Proxy').warn(
      `A request came from ${socket.remoteAddress} with X-Forwarded-For or Forwarded, but TRUST_PROXY is 0: all people behind that ` +
        'proxy count as one address, and share one rate limit. Set TRUST_PROXY to the number of proxies in front.',
    );
  };
}

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv6');

const isPrivate = (address: string): boolean => {
  const plain = address.replace(/^::ffff:/i, '');
  return PRIVATE.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
};
