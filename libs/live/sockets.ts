import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WebSocketServer } from 'ws';
import { Config } from '#libs/config/config';
import { originMatcher } from '#libs/config/web-origins';
import { addressKey, clientAddress } from '#libs/http/client-address';
import { refuseLater } from '#libs/http/late-refusals';
import { RateLimiter } from '#libs/http/rate-limiter';
import { Connection, ConnectionServices } from './connection.js';
import { TooManyConnections } from './live-limits.js';
import { CLOSE, MAX_CHUNKS, MAX_FRAGMENTS, MAX_FRAME_BYTES } from './protocol.js';
import { isRevoked, LiveBus } from './live-bus.js';

const PATH = '/live';
const SWEEP_MS = 1_000;
const REAUTHORIZE_MS = 60_000;
/** After a restart clients reconnect at random times within this period. */
const COME_BACK_WITHIN_MS = 5_000;

/** The WebSocket at `/live`, on the server that Fastify listens with. The protocol: docs/live-protocol.md. */
@Injectable()
export class Sockets implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly isAllowed: (origin: string) => boolean;
  private readonly connections = new Set<Connection>();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly upgrader = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false, // a context per socket takes the most memory of all, and frames could not be shared
    maxPayload: MAX_FRAME_BYTES,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_CHUNKS, // each holds a buffer of its own, even for one byte
  });

  constructor(
    private readonly config: Config,
    private readonly host: HttpAdapterHost,
    private readonly bus: LiveBus,
    private readonly services: ConnectionServices,
    private readonly rates: RateLimiter,
  ) {
    this.isAllowed = originMatcher([new URL(config.publicUrl).origin, ...config.webOrigins]);
  }

  onApplicationBootstrap(): void {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => this.upgrade(server, request, socket, head));
    this.bus.listen({
      onRevoked: (revoked) => {
        for (const connection of this.connections)
          if (isRevoked(connection.actor, revoked)) connection.end(CLOSE.unauthenticated, 'token revoked');
      },
    });
    this.timers.push(setInterval(() => this.sweep(), SWEEP_MS));
    this.timers.push(setInterval(() => void this.reauthorize(), REAUTHORIZE_MS));
  }

  onModuleDestroy(): void {
    this.timers.forEach(clearInterval);
    for (const connection of this.connections) connection.restart(Math.floor(Math.random() * COME_BACK_WITHIN_MS));
  }

  private upgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0] !== PATH) {
      // for another upgrade listener, if there is one
      if (server.listenerCount('upgrade') === 1) refuse(socket, '404 Not Found', 'There is no WebSocket here: connect to /live.');
      return;
    }
    const { origin } = request.headers;
    if (origin !== undefined && !this.isAllowed(origin))
      return refuse(socket, '403 Forbidden', `Pages of ${JSON.stringify(origin)} may not connect: add it to WEB_ORIGINS.`);
    void this.admit(request, socket, head).catch(() => refuse(socket, '503 Service Unavailable', 'Try again in a moment.'));
  }

  private async admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const client = clientAddress(request, this.config.trustProxy);
    const address = addressKey(client);
    const giveBack = this.services.limits.connection({ address });
    if (!giveBack) return refuseTooMany(socket, new TooManyConnections().message, 30);
    socket.once('close', giveBack);
    const seconds = await this.rates.secondsToWait('live', client);
    if (seconds !== undefined)
      return refuseTooMany(socket, `The budget "live" is spent: connect again in ${seconds} seconds.`, seconds);
    if (socket.destroyed) return;
    this.upgrader.handleUpgrade(request, socket, head, (ws) => {
      const connection: Connection = new Connection(ws, socket, address, this.services, () =>
        this.connections.delete(connection),
      );
      this.connections.add(connection);
    });
  }

  private sweep(): void {
    const now = Date.now();
    for (const connection of this.connections) connection.sweep(now);
  }

  private async reauthorize(): Promise<void> {
    for (const connection of this.connections) await connection.reauthorize().catch(() => undefined); // could not be checked: tried again in a minute
  }
}

function refuseTooMany(socket: Duplex, sentence: string, retryAfter: number): void {
  refuseLater(() => refuse(socket, '429 Too Many Requests', sentence, `Retry-After: ${retryAfter}\r\n`));
}

function refuse(socket: Duplex, status: string, sentence: string, headers = ''): void {
  const body = `${sentence}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}Connection: close\r\n\r\n${body}`,
  );
}
