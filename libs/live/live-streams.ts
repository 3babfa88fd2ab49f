import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Live } from '#libs/kernel/live';
import { streamKey } from './stream-key.js';
import { Coalescer } from './coalescer.js';
import { LiveBus } from './live-bus.js';

/** At most four signals a second from one sender on one stream. */
const SIGNAL_MS = 250;

/** What is told to listeners at once and not stored: signals, and that connections must end. */
@Injectable()
export class LiveStreams extends Live implements OnModuleDestroy {
  private readonly signallers = new Map<string, { coalescer: Coalescer; say: () => void }>();
  private readonly sweeper = setInterval(() => this.forgetIdleSignallers(), 10_000).unref();

  constructor(private readonly bus: LiveBus) {
    super();
  }

  signal(stream: string, type: string, body: object, sender = ''): void {
    const { key } = streamKey(stream);
    const id = `${key} ${sender}`;
    const say = (): void => this.bus.pass({ key, signal: { type, at: new Date().toISOString(), body } });
    const signaller = this.signallers.get(id);
    if (signaller) signaller.say = say;
    else this.signallers.set(id, { say, coalescer: new Coalescer(SIGNAL_MS, () => this.signallers.get(id)?.say()) });
    this.signallers.get(id)?.coalescer.ask();
  }

  revoke(accountId: string): void {
    this.bus.revoke({ accountId });
  }

  revokeSession(sessionId: string): void {
    this.bus.revoke({ sessionId });
  }

  private forgetIdleSignallers(): void {
    for (const [id, { coalescer }] of this.signallers) if (coalescer.isIdle) this.signallers.delete(id);
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeper);
    for (const { coalescer } of this.signallers.values()) coalescer.close();
  }
}
