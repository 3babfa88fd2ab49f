/**
 * Whether an object that a link of ours leads to may still be shown. A link is made for a time, but what it leads to may be
 * taken back before: the module whose keys begin so is asked each time. Where S3 answers its own links (S3_LINKS=direct)
 * nobody is asked.
 */
import { Injectable } from '@nestjs/common';

type Guard = (key: string) => Promise<boolean>;

@Injectable()
export class LinkGuards {
  private readonly guards = new Map<string, Guard>();

  register(prefix: string, mayShow: Guard): void {
    this.guards.set(prefix, mayShow);
  }

  of(key: string): Guard | undefined {
    for (const [prefix, guard] of this.guards) if (key.startsWith(prefix)) return guard;
    return undefined;
  }
}
