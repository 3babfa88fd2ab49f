import { Injectable } from '@nestjs/common';
import { WorkerPool } from '#libs/worker-pool/worker-pool';
import { RevisionTexts } from '../domain/ports.js';
import type { Book, RevisionText, StoredText, Text } from '../domain/revision-text.js';
import { bookReading, firstRevisionTask, revising } from './text.tasks.js';

@Injectable()
export class PooledRevisionTexts extends RevisionTexts {
  constructor(private readonly pool: WorkerPool) {
    super();
  }

  first(text: Text, signal?: AbortSignal): Promise<RevisionText> {
    return this.pool.run(firstRevisionTask, text, { signal });
  }

  revise({ language, blocks, history }: StoredText, text: Text | undefined, signal?: AbortSignal): Promise<RevisionText> {
    return this.pool.run(revising, { stored: { language, blocks, history }, text }, { signal });
  }

  readBook(source: string, format: 'markdown' | 'text', language?: string, signal?: AbortSignal): Promise<Book> {
    return this.pool.run(bookReading, { source, format, language }, { signal });
  }
}
