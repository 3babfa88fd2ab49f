import type { Actor } from '#libs/kernel/actor';
import { DomainError } from '#libs/kernel/domain-error';
import type { Member } from './stream-room.js';

/** Where a listener comes from: the last number it has, and the epoch that number belongs to. */
export interface Since {
  readonly since?: number;
  readonly epoch?: string;
}

/** What a listener is told first. Events follow from `from + 1` on. */
export interface Subscribed {
  readonly stream: string;
  /** The history that the numbers belong to. */
  readonly epoch: string;
  /** How far the stream had come. */
  readonly head: number;
  /** Where this listener begins: the `since` it gave, else the head. */
  readonly from: number;
  /** The `since` it gave leads nowhere in this history: forget what you have and take the snapshot. */
  readonly reset?: true;
  readonly snapshot?: object;
}

/** A member of a room with its authority and its transport's answers. */
export interface Listener extends Member {
  /** The key of the address it comes from: addresses take turns at joining. */
  readonly address: string;
  readonly actor: Actor | undefined;
  subscribed(answer: Subscribed): void;
  /** It has left by then, or never came in. */
  refused(error: DomainError): void;
  /** Resolves when everything written so far was handed to the network: a replay is as fast as its reader. */
  drained(): Promise<void>;
}

/** The streams cannot be read just now. */
export class StreamsUnavailable extends DomainError {
  readonly code = 'streams-unavailable';
  readonly kind = 'unavailable';
  constructor(stream: string) {
    super('The stream cannot be read just now: subscribe again in a moment, with the last sequence number you have.', { stream });
  }
}

/** The numbers of a listener belong to another history of the stream, or its next events were removed. */
export class StreamReset extends DomainError {
  readonly code = 'stream-reset';
  readonly kind = 'unavailable';
  constructor(stream: string) {
    super('The stream begins anew: subscribe again, with the last sequence number and the epoch you have.', { stream });
  }
}

/** Actors of one name may listen to the same streams. */
export const authorityName = (actor: Actor | undefined): string =>
  actor ? [actor.kind, actor.id, actor.role, ...actor.scopes].join(' ') : '';
