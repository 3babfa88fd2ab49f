/** A TCP server in front of another, which can close or stop all connections, as a database that is down or does not answer. */
import { connect, createServer, type Socket } from 'node:net';

export interface Proxy {
  /** The given URL, through the proxy. */
  url: string;
  /** Closes all connections and refuses new ones. */
  cut(): void;
  /** Accepts connections and forwards nothing. */
  hang(): void;
  mend(): void;
}

const ends: (() => void)[] = [];
afterAll(() => ends.forEach((end) => end()));

/** Closed after the file. */
export async function proxyTo(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let state: 'whole' | 'cut' | 'hanging' = 'whole';
  const server = createServer((near) => {
    if (state === 'cut') return near.destroy();
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      open.add(from);
      from.on('data', (data) => state === 'whole' && to.write(data));
      from.once('close', () => open.delete(from) && to.destroy());
      from.on('error', () => to.destroy());
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as { port: number }).port}`;
  const end = (): void => open.forEach((socket) => socket.destroy());
  ends.push(() => (server.close(), end()));
  return {
    url: url.href,
    cut: () => ((state = 'cut'), end()),
    hang: () => void (state = 'hanging'),
    // a connection that was stopped has lost bytes, so it cannot continue
    mend: () => ((state = 'whole'), end()),
  };
}
