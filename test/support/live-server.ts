/** The live connections of one web process, over real sockets and without Postgres or Redis, which `live-web.ts` replaces. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpAdapterHost } from '@nestjs/core';
import { WebSocket } from 'ws';
import type { Config } from '#libs/config/config';
import type { RateLimiter } from '#libs/http/rate-limiter';
import { ConnectionServices } from '#libs/live/connection';
import { Hub } from '#libs/live/hub';
import { LiveLimits } from '#libs/live/live-limits';
import { Sockets } from '#libs/live/sockets';
import { StreamKinds } from '#libs/live/stream-kinds';
import { Chapters, Client, Ticks, Tokens, World } from './live-web.js';

/** The parts of a web process that serve listeners. */
export class LiveServer {
  readonly world = new World();
  readonly tokens = new Tokens();
  readonly live = new Ticks(this.world);
  readonly hub: Hub;
  readonly sockets: Sockets;
  readonly port: number;
  private readonly clients: WebSocket[] = [];

  private constructor(private readonly server: Server) {
    this.port = (server.address() as AddressInfo).port;
    const kinds = new StreamKinds();
    kinds.register(new Chapters(this.world));
    this.hub = new Hub(kinds, this.world.log, this.world.reader, this.world.bus);
    const config = {
      publicUrl: 'https://stories.example',
      webOrigins: ['https://read.example'],
      trustProxy: 1,
      live: { connections: 60, connectionsPerAddress: 20, connectionsPerAccount: 5 },
    } as Config;
    const host = { httpAdapter: { getHttpServer: () => server } } as unknown as HttpAdapterHost;
    const services = new ConnectionServices(this.hub, this.live, this.tokens, new LiveLimits(config));
    const unlimited = { secondsToWait: () => Promise.resolve(undefined) } as unknown as RateLimiter;
    this.sockets = new Sockets(config, host, this.world.bus, services, unlimited);
    this.hub.onModuleInit();
    this.sockets.onApplicationBootstrap();
  }

  static async open(): Promise<LiveServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new LiveServer(server);
  }

  /** Its timers run when the test says so (`pass`); the sockets stay real. */
  static openInSlowMotion(): Promise<LiveServer> {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    return LiveServer.open();
  }

  socket(headers?: Record<string, string>, path = '/live'): WebSocket {
    const made = new WebSocket(`ws://127.0.0.1:${this.port}${path}`, { headers });
    this.clients.push(made);
    return made;
  }

  client(first: object | string = { type: 'hello' }): Client {
    return new Client(this.socket(), first);
  }

  close(): void {
    jest.useRealTimers();
    this.clients.splice(0).forEach((one) => one.on('error', () => undefined).terminate());
    this.sockets.onModuleDestroy();
    this.hub.onModuleDestroy();
    this.server.close();
  }
}

export const token = (account: string, ms: number): string => `${account} ${Date.now() + ms}`;

/** In steps of a second, with time between them for pings and frames to go to and fro. */
export async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    jest.advanceTimersByTime(1_000);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
