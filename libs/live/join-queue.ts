/** A listener that waits to join a stream, or for the next page of a replay. */
export interface Waiting {
  readonly stream: string;
  /** Addresses take turns. */
  readonly address: string;
}

/**
 * The one queue of a process for joining streams: `atOnce` streams are served at the same time, so a flood of joins does not
 * take all connections to Postgres. Addresses take turns: an address with one join waits for at most one join of each other
 * address. Up to `batch` joins of the same stream are served together, and no stream is served twice at the same time.
 */
export class JoinQueue<W extends Waiting> {
  /** The address whose turn is next comes first; its streams in the order of their requests. */
  private readonly byAddress = new Map<string, Map<string, Set<W>>>();
  private readonly byStream = new Map<string, Set<W>>();
  private readonly beingServed = new Set<string>();

  /** @param serve must not reject. */
  constructor(
    private readonly atOnce: number,
    private readonly batch: number,
    private readonly serve: (stream: string, waiting: readonly W[]) => Promise<void>,
  ) {}

  get length(): number {
    let sum = 0;
    for (const waiting of this.byStream.values()) sum += waiting.size;
    return sum;
  }

  add(one: W): void {
    const streams = getOrMake(this.byAddress, one.address, () => new Map<string, Set<W>>());
    getOrMake(streams, one.stream, () => new Set<W>()).add(one);
    getOrMake(this.byStream, one.stream, () => new Set<W>()).add(one);
    this.fill();
  }

  /** It left while it was waiting. */
  remove(one: W): void {
    const streams = this.byAddress.get(one.address);
    const here = streams?.get(one.stream);
    if (!streams || !here?.delete(one)) return;
    if (!here.size) streams.delete(one.stream);
    if (!streams.size) this.byAddress.delete(one.address);
    const there = this.byStream.get(one.stream);
    there?.delete(one);
    if (!there?.size) this.byStream.delete(one.stream);
  }

  private fill(): void {
    while (this.beingServed.size < this.atOnce) {
      const stream = this.next();
      if (stream === undefined) return;
      void this.run(stream);
    }
  }

  private async run(stream: string): Promise<void> {
    const waiting = [...this.byStream.get(stream)!].slice(0, this.batch);
    for (const one of waiting) this.remove(one);
    this.beingServed.add(stream);
    await this.serve(stream, waiting);
    this.beingServed.delete(stream);
    this.fill();
  }

  /** The stream of the address whose turn it is, which then goes to the end. */
  private next(): string | undefined {
    for (const [address, streams] of this.byAddress)
      for (const stream of streams.keys()) {
        if (this.beingServed.has(stream)) continue;
        this.byAddress.delete(address);
        this.byAddress.set(address, streams);
        return stream;
      }
    return undefined;
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
