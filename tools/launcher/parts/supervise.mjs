/**
 * Keeps the processes of one instance running. A process that ends unexpectedly is started again; after five such ends within a
 * minute everything stops. A process that was asked to stop (SIGTERM, or exit code 0) is not restarted: then everything stops,
 * because the group is one program to its user.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LogTail } from './log-tail.mjs';
import { isAlive, known, stop } from './processes.mjs';
import { Refusal } from './refusal.mjs';
import { event, red, seconds } from './console.mjs';

const MINUTE = 60_000;
const MOST_EXITS = 5;

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {() => import('node:child_process').ChildProcess} spawn
 * @property {(child: import('node:child_process').ChildProcess) => Promise<void>} ready resolves when it is ready, rejects when it fails to start
 * @property {[string, number][]} stopWith signals, and how long to wait after each
 * @property {string} log its log file
 * @property {boolean} [server] a database: every exit counts as unexpected, and a failed start is tried again
 */
export class Supervisor {
  #parts = [];
  #closing;
  #finish;
  #verbose;
  #onSpawn;

  /** @param {{ onSpawn: (name: string, pid: number) => void, verbose: boolean }} options */
  constructor({ onSpawn, verbose }) {
    this.#onSpawn = onSpawn;
    this.#verbose = verbose;
    /** Resolves with the exit code when everything has been stopped. */
    this.ended = new Promise((resolve) => (this.#finish = resolve));
    setInterval(() => this.#showLogs(), 300).unref();
  }

  /** Starts a part and waits until it is ready. A first start that fails is not repeated: the caller reports it. */
  async start(part) {
    if (this.#closing) throw new Error('stopping');
    const one = { ...part, exits: [], tail: new LogTail(part.log) };
    this.#parts.push(one);
    this.#spawn(one);
    try {
      await this.#whenReady(one);
    } catch (error) {
      throw this.#closing
        ? error
        : new Refusal(one.tail.lastErrors() || `${one.name} did not start: ${error.message}. Its log is ${one.log}.`);
    }
    one.serving = true;
    if (!isAlive(one.process)) void this.#ended(one, null, 'SIGKILL');
  }

  #spawn(one) {
    one.tail.processStarts();
    one.child = one.spawn();
    one.process = known(one.child.pid ?? 0);
    if (one.child.pid) this.#onSpawn(one.name, one.child.pid);
    one.gone = new Promise((resolve) => {
      one.child.once('error', (error) => resolve({ error }));
      one.child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const child = one.child;
    void one.gone.then(({ code, signal }) => {
      if (one.serving && one.child === child) void this.#ended(one, code, signal);
    });
  }

  async #whenReady(one) {
    const early = one.gone.then(({ error, code, signal }) => {
      throw error ?? new Error(`it ended with ${signal ?? `code ${code}`}`);
    });
    early.catch(() => {});
    await Promise.race([one.ready(one.child), early]);
  }

  async #ended(one, code, signal) {
    if (this.#closing) return;
    one.serving = false;
    const how = signal ?? `code ${code}`;
    if (!one.server && (signal === 'SIGTERM' || code === 0 || code === 143))
      return this.close(0, `${one.name} was asked to stop (${how}), so everything stops`);
    const now = Date.now();
    one.exits = [...one.exits.filter((at) => at > now - MINUTE), now];
    if (one.exits.length >= MOST_EXITS) return this.#giveUp(one);
    event(`${one.name} ended unexpectedly (${how}): starting it again`);
    await sleep(one.exits.length > 1 ? 500 : 0);
    await this.#restart(one, now);
  }

  async #restart(one, since) {
    while (!this.#closing) {
      this.#spawn(one);
      try {
        await this.#whenReady(one);
        one.serving = true;
        event(`${one.name} is running again after ${seconds(Date.now() - since)} (pid ${one.process.pid})`);
        return;
      } catch {
        if (this.#closing) return;
        await stop(one.process, ...one.stopWith);
        // the killed predecessor of a database may hold its files for a moment
        if (!one.server || Date.now() - since > 20_000) return this.#ended(one, 1, null);
        await sleep(200);
      }
    }
  }

  #giveUp(one) {
    const words = one.tail.lastErrors();
    return this.close(
      1,
      `${one.name} ended ${MOST_EXITS} times within a minute, so everything stops${words ? `; its last error: ${words.split('\n').at(-1)}` : ''}. Its log is ${one.log}`,
    );
  }

  /** Stops web and worker together, then the servers. A second call kills web and worker at once. */
  close(code, why) {
    if (this.#closing) {
      for (const one of this.#parts) if (!one.server) void stop(one.process, ['SIGKILL', 1000]);
      return this.#closing;
    }
    this.#closing = this.#stopAll(code, why);
    return this.#closing;
  }

  async #stopAll(code, why) {
    if (why) event(code === 0 ? why : red(why));
    const stopping = (parts) => Promise.all(parts.map((one) => stop(one.process, ...one.stopWith)));
    await stopping(this.#parts.filter((one) => !one.server));
    this.#showLogs();
    await stopping(this.#parts.filter((one) => one.server));
    this.#finish(code);
  }

  #showLogs() {
    for (const one of this.#parts) if (!one.server) one.tail.show(one.name, this.#verbose);
  }
}
