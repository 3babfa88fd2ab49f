import { Controller, Get, HttpCode, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { DataSource } from 'typeorm';
import { Public } from '#libs/http/access';
import { RateLimit } from '#libs/http/rate-limit';
import { RedisClients } from '#libs/redis/redis-clients';

/** Set on SIGTERM: the load balancer sends no new requests while the open ones end. */
export class Draining {
  now = false;
}

/** The name of the newest migration this code was built with. */
export const SCHEMA_VERSION = Symbol('SCHEMA_VERSION');

@ApiExcludeController()
@Controller()
export class HealthController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly redis: RedisClients,
    private readonly draining: Draining,
    @Inject(SCHEMA_VERSION) private readonly newestMigration: string,
  ) {}

  /** The process runs. It touches nothing else: an unavailable database must not restart the process. */
  @Get('livez')
  @Public()
  @RateLimit('read')
  @HttpCode(200)
  live(): { status: 'alive' } {
    return { status: 'alive' };
  }

  /** 200 when requests can be served (`degraded` without Redis: nothing is lost, live events come late), else 503. */
  @Get('readyz')
  @Public()
  @RateLimit('read')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const database = await this.database();
    const redis = this.redis.isReady ? 'ready' : 'away';
    const ready = database === 'ready' && !this.draining.now;
    void reply.status(ready ? 200 : 503).header('cache-control', 'no-store');
    if (!ready) return { status: this.draining.now ? 'draining' : 'unready', database, redis };
    return { status: redis === 'ready' ? 'ready' : 'degraded', database, redis };
  }

  private async database(): Promise<string> {
    try {
      const rows = await this.within(
        2_000,
        this.dataSource.query<{ name: string }[]>(`SELECT name FROM public.migration WHERE name = $1`, [this.newestMigration]),
      );
      return rows.length ? 'ready' : `on an older schema: run "npm run migrate" (${this.newestMigration} is missing)`;
    } catch (error) {
      return (error as { code?: string }).code === '42P01' ? 'has no schema: run "npm run migrate"' : 'away';
    }
  }

  private async within<T>(ms: number, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('too slow')), ms)));
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
  }
}
