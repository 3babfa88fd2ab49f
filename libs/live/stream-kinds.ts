import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import { readStreamKey } from './stream-key.js';

/** One kind of stream. The module that owns its subject implements it. */
export abstract class StreamKind {
  /** The part of a stream's key before the colon: `chapter`. */
  abstract readonly kind: string;

  /**
   * Whether the actor may listen. Called on each subscription, every minute after that, and on an `access.changed` event: it
   * must read the current state. `false` and any `DomainError` refuse.
   */
  abstract mayListen(id: string, actor: Actor | undefined): Promise<boolean>;

  /** The state that a new listener starts from. Read after the head, so it may include later events. */
  snapshot?(id: string, actor: Actor | undefined): Promise<object>;

  /** Types of signals that listeners with an account may send, such as `typing`. Others hear only the type and who it was. */
  readonly signals?: readonly string[];
}

/** One refusal for streams that do not exist, are not published or belong to others, so that it does not tell which. */
export class NoSuchStream extends DomainError {
  readonly code = 'no-such-stream';
  readonly kind = 'not-found';
  constructor(stream: string) {
    super('There is no such stream, or you may not listen to it: check its name, and that your token is valid.', { stream });
  }
}

@Injectable()
export class StreamKinds {
  private readonly kinds = new Map<string, StreamKind>();

  /** Called by modules in `onModuleInit`. */
  register(kind: StreamKind): void {
    if (this.kinds.has(kind.kind)) throw new Error(`Two modules answer for streams of kind "${kind.kind}".`);
    this.kinds.set(kind.kind, kind);
  }

  /** @throws DomainError when there is no such stream or the actor may not listen to it. */
  async admit(stream: string, actor: Actor | undefined): Promise<StreamKind> {
    const key = readStreamKey(stream);
    const kind = key && this.kinds.get(key.kind);
    if (!kind || !(await kind.mayListen(key.id, actor))) throw new NoSuchStream(stream);
    return kind;
  }

  acceptsSignal(kind: string, type: string): boolean {
    return this.kinds.get(kind)?.signals?.includes(type) ?? false;
  }
}
