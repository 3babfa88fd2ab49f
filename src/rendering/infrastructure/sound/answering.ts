import { createInterface } from 'node:readline';
import { ownCpu } from '../cpu.js';

/**
 * The child's side of `AskedChild`: one JSON object a line on stdin, one answer a line on stdout. Work is done one request after
 * the other; the process ends when stdin does, so that none outlives its parent, however that one died.
 *
 * @param afterwards done when the answer is out
 */
export function answer<Request extends object, Reply extends object>(
  work: (request: Request) => Reply | Promise<Reply>,
  afterwards: (request: Request) => void = () => undefined,
): void {
  process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the parent decides
  const lines = createInterface({ input: process.stdin });
  let before: Promise<void> = Promise.resolve();
  lines.on('line', (line) => {
    before = before.then(async () => {
      const { id, ...request } = JSON.parse(line) as Request & { id: number };
      let reply: object;
      try {
        const began = process.cpuUsage();
        const ok = await work(request as unknown as Request);
        reply = { id, ok: { ...ok, cpu: ownCpu(began) } };
      } catch (error) {
        reply = { id, failed: error instanceof Error ? error.message : String(error) };
      }
      if (!process.stdout.write(`${JSON.stringify(reply)}\n`))
        await new Promise((drained) => process.stdout.once('drain', drained));
      // an engine's memory lies outside what V8 counts: it would see no reason to clear it away for long
      globalThis.gc?.();
      afterwards(request as unknown as Request);
    });
  });
  lines.on('close', () => process.exit(0));
  process.stdout.on('error', () => process.exit(0));
}
