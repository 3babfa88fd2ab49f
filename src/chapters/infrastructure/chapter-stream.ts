import { Injectable, type OnModuleInit } from '@nestjs/common';
import { StreamKind, StreamKinds } from '#libs/live/stream-kinds';
import { Chapters } from '../application/chapters.js';

/** `chapter:<id>`: events of a published chapter, open to everyone. A draft has no stream. */
@Injectable()
export class ChapterStream extends StreamKind implements OnModuleInit {
  readonly kind = 'chapter';
  override readonly signals = ['typing'];

  constructor(
    private readonly kinds: StreamKinds,
    private readonly chapters: Chapters,
  ) {
    super();
  }

  onModuleInit(): void {
    this.kinds.register(this);
  }

  async mayListen(id: string): Promise<boolean> {
    const summary = await this.chapters.summary(id);
    return typeof summary?.revision === 'number';
  }

  override async snapshot(id: string): Promise<object> {
    return { revision: (await this.chapters.summary(id))?.revision ?? null };
  }
}
