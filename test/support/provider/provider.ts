/** The speech server of speech-server.mjs as a child process, for one spec file; it never outlives the test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** How it answers; see `ANSWERS` in speech-server.mjs. */
export type Answering =
  | 'speak'
  | 'stream'
  | 'drawl'
  | 'slow'
  | 'throttle'
  | 'throttle-long'
  | 'redirect'
  | 'html'
  | 'mp3'
  | 'too-large-sizes'
  | 'too-small-sizes'
  | 'silence'
  | 'tenfold'
  | 'cut-off'
  | 'broken-off'
  | 'stall'
  | 'stall-midway'
  | 'error-500'
  | 'key-refused'
  | 'voice-unknown';

export interface Asked {
  readonly model: string;
  readonly voice: string;
  readonly input: string;
  readonly format: string;
  /** It came with the server's key. */
  readonly authorized: boolean;
  readonly answer: Answering;
}

export interface Provider {
  /** With `/v1`, as in VOICE_API_URL. */
  readonly url: string;
  /** One for each request from now on, the last one stays; forgets what was asked before. */
  answers(...next: Answering[]): Promise<void>;
  asked(): Promise<Asked[]>;
  stop(): Promise<void>;
}

const running = new Set<Provider>();
afterAll(() => Promise.all([...running].map((provider) => provider.stop())).then(() => undefined));

export async function startProvider(key?: string): Promise<Provider> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'speech-server.mjs'), ...(key ? [key] : [])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(url + path, { method, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };
  const provider: Provider = {
    url: `${url}/v1`,
    answers: async (...next) => void (await call('POST', '/switch', { next })),
    asked: async () => (await call('GET', '/asked')) as Asked[],
    async stop() {
      if (!running.delete(provider) || child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
  running.add(provider);
  return provider;
}
