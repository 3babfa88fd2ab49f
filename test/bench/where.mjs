/**
 * Where does the CPU of an answer go? Adds up the samples of a CPU profile of the web server by the part of the work they were taken in:
 *
 *   npm run bench -- --only chapter --profile /tmp/profile && node test/bench/where.mjs /tmp/profile
 *
 * A sample belongs to the innermost frame of its stack that PARTS names, so what a part calls is the part's. Only samples of the measured
 * rounds count (measured.json).
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const PARTS = [
  ['rate limit', /\/libs\/http\/(rate-limit|client-address)/],
  ['token', /\/(access-tokens|revocation-watch|jwt-tokens|bearer-token|access\.guard)\.js/],
  ['visibility and cache', /\/(published-chapters|policy)\.js/],
  ['conditional request', /\/etag(-list)?\.js/],
  ['request id, trace, log', /\/(request-cause|causation|traceparent|log)\.js|node_modules\/pino|genReqId/],
  ['security headers, CORS, head checks', /\/(http-server|cors|connections|unrouted|board)\.js|@fastify\/(cors|cookie)/],
  ['fast path', /\/(fast-path|cached-answer)\.js/],
  ['PostgreSQL', /node_modules\/(pg|typeorm)/],
  ['Nest', /node_modules\/(@nestjs|rxjs|class-)|route-inputs\.js|\/input\.js/],
  ['Fastify', /node_modules\/(fastify|find-my-way)/],
  ['socket', /writev?$|writev|writeUtf8String|writeLatin1String|readStart|stream_base_commons/i],
  ['HTTP of Node', /^node:|parserOn/],
];
const [folder] = process.argv.slice(2);
const measured = JSON.parse(readFileSync(path.join(folder, 'measured.json'), 'utf8'));
for (const name of new Set(measured.map((one) => one.name)))
  for (const label of new Set(measured.filter((one) => one.name === name).map((one) => one.label))) {
    const spans = measured.filter((one) => one.name === name && one.label === label);
    console.log(`\n${name}: ${label}`);
    for (const [part, share] of shares(`${spans[0].server}.cpuprofile`, spans))
      console.log(`${(100 * share).toFixed(1).padStart(6)} %  ${part}`);
  }

/** @returns what each part took of all the time that the server was busy, most first. */
function shares(file, spans) {
  const { nodes, samples, timeDeltas, startTime } = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const node of nodes) for (const child of node.children ?? []) byId.get(child).parent = node;
  const sums = new Map();
  let [total, at] = [0, startTime];
  for (const [i, id] of samples.entries()) {
    at += timeDeltas[i];
    const part = spans.some(({ from, to }) => at >= from && at < to) && partOf(byId.get(id));
    if (!part) continue;
    total += timeDeltas[i];
    sums.set(part, (sums.get(part) ?? 0) + timeDeltas[i]);
  }
  return [...sums].map(([part, sum]) => [part, sum / total]).sort((a, b) => b[1] - a[1]);
}

/** @returns undefined while the server had nothing to do. */
function partOf(leaf) {
  const { functionName } = leaf.callFrame;
  if (functionName === '(idle)') return undefined;
  if (functionName === '(garbage collector)') return 'garbage collector';
  for (let node = leaf; node; node = node.parent) {
    const { functionName, url } = node.callFrame;
    const part = PARTS.find(([, pattern]) => pattern.test(url) || pattern.test(functionName));
    if (part) return part[0];
  }
  return 'other';
}
