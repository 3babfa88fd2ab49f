import { Injectable } from '@nestjs/common';
import { Config } from '#libs/config/config';
import { DomainError } from '#libs/kernel/domain-error';

/** Streams that may be listened to for each connection that is allowed, on average. One connection alone: MAX_STREAMS. */
const STREAMS_PER_CONNECTION = 10;
/** Messages that have begun and not ended: their fragments stay in memory. */
const UNFINISHED_PER_ADDRESS = 16;
const UNFINISHED = 256;

/** The client: the key of its address (libs/http/client-address.ts), and its account if it has one. */
export interface Origin {
  readonly address: string;
  readonly account?: string;
}

export class TooManyConnections extends DomainError {
  readonly code = 'too-many-live-connections';
  readonly kind = 'too-many';
  constructor() {
    super('Too many live connections are open from your address or account: close one, or try again later.', { retryAfter: 30 });
  }
}

export class TooManyStreams extends DomainError {
  readonly code = 'too-many-streams';
  readonly kind = 'too-many';
  constructor() {
    super('Too many streams are listened to from your address or account: unsubscribe from one first.', { retryAfter: 30 });
  }
}

/** Counts what is held at the same time, for any number of keys. */
class Quota {
  private readonly held = new Map<string, number>();

  /** @returns the release of all of it, to be called once; undefined when one of the keys is at its limit. */
  take(limits: readonly (readonly [key: string, limit: number])[]): (() => void) | undefined {
    if (limits.some(([key, limit]) => (this.held.get(key) ?? 0) >= limit)) return undefined;
    for (const [key] of limits) this.held.set(key, (this.held.get(key) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      for (const [key] of limits) {
        const left = this.held.get(key)! - 1;
        if (left) this.held.set(key, left);
        else this.held.delete(key);
      }
    };
  }
}

/**
 * How much of the live connections of this process one address and one account may hold, and all together. Counted in
 * memory: what is counted are connections of this process. WebSockets and server-sent events count alike.
 *
 *     const release = limits.stream({ address, account });
 *     if (!release) throw new TooManyStreams();
 */
@Injectable()
export class LiveLimits {
  private readonly connections = new Quota();
  private readonly streams = new Quota();
  private readonly unfinished = new Quota();
  private readonly limits: Config['live'];

  constructor(config: Config) {
    this.limits = config.live;
  }

  connection({ address, account }: Origin): (() => void) | undefined {
    const { connections, connectionsPerAddress } = this.limits;
    const byAddress = [['all', connections] as const, [`from ${address}`, connectionsPerAddress] as const];
    return this.connections.take([...byAddress, ...this.byAccount(account, 1)]);
  }

  /** For a connection that is counted by its address already, and now says whose it is. */
  account(account: string): (() => void) | undefined {
    return this.connections.take(this.byAccount(account, 1));
  }

  stream({ address, account }: Origin): (() => void) | undefined {
    const { connections, connectionsPerAddress } = this.limits;
    return this.streams.take([
      ['all', connections * STREAMS_PER_CONNECTION],
      [`from ${address}`, connectionsPerAddress * STREAMS_PER_CONNECTION],
      ...this.byAccount(account, STREAMS_PER_CONNECTION),
    ]);
  }

  unfinishedMessage({ address }: Origin): (() => void) | undefined {
    return this.unfinished.take([
      ['all', UNFINISHED],
      [`from ${address}`, UNFINISHED_PER_ADDRESS],
    ]);
  }

  private byAccount(account: string | undefined, times: number): (readonly [string, number])[] {
    return account === undefined ? [] : [[`of ${account}`, this.limits.connectionsPerAccount * times]];
  }
}
