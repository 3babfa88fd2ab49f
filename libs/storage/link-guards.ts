/**
 * Checks whether an object may still be shown when a link to it is used. A link is valid for a time, but its object may be
 * retracted before: the module that owns the key prefix is asked each time. Links signed by S3 itself (S3_LINKS=direct) are not
 * checked.
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
