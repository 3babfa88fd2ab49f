import { createHash } from 'node:crypto';

export class InMemoryChapters {
  readonly digest = createHash('sha256');
}
