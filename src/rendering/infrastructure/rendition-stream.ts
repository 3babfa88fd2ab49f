import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { StreamKind, StreamKinds } from '#libs/live/stream-kinds';
import { RenditionViews } from './rendition-views.js';

/** `rendition:<id>`: how a film comes along, for those who may see it. Changes of state are events, frames are signals. */
@Injectable()
export class RenditionStream extends StreamKind implements OnModuleInit {
  readonly kind = 'rendition';

  constructor(
    private readonly kinds: StreamKinds,
    private readonly views: RenditionViews,
  ) {
    super();
  }

  onModuleInit(): void {
    this.kinds.register(this);
  }

  async mayListen(id: string, actor: Actor | undefined): Promise<boolean> {
    await this.views.rendition(id, actor);
    return true;
  }

  override snapshot(id: string, actor: Actor | undefined): Promise<object> {
    return this.views.rendition(id, actor);
  }
}
