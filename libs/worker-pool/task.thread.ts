/** The thread of the worker pool: loads the module that a task names and runs it (worker-pool.ts). */
export interface Assignment {
  readonly file: string;
  readonly name: string;
  readonly input: unknown;
  /** By `Date.now()`. */
  readonly askedAt: number;
  /** Set to how many ms later the work begins: whoever waits can tell a task that takes too long from one that never began. */
  readonly begunAfter: Int32Array;
}

export type Outcome = { readonly value: unknown } | { readonly refused: Refused };

/** A refusal as plain data: an error loses its class and members on the way between threads. */
export interface Refused {
  readonly class: string;
  readonly code: string;
  readonly kind: string;
  readonly message: string;
  readonly details: unknown;
}

export default async function perform({ file, name, input, askedAt, begunAfter }: Assignment): Promise<Outcome> {
  Atomics.store(begunAfter, 0, Math.max(1, Date.now() - askedAt));
  const module = (await import(file)) as Record<string, (input: unknown) => unknown>;
  try {
    return { value: module[name](input) };
  } catch (error) {
    const { code, kind, details, message } = error as Error & { code?: string; kind?: string; details?: unknown };
    if (code === undefined || kind === undefined) throw error;
    return { refused: { class: (error as Error).constructor.name, code, kind, message, details } };
  }
}
