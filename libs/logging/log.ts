/**
 * The one log of a process: a JSON object a line on standard output (pino). Fastify writes into it, and so does everything that uses
 * Nest's `Logger`. Each line names the request, the event, the account and the trace on whose behalf it was written
 * (libs/events/causation.ts):
 *
 *   {"level":40,"time":"2026-03-01T12:00:00.000Z","process":"worker","event":"019a…","trace":"4bf9…","context":"Relay","msg":"…"}
 */
import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Level, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Config } from '#libs/config/config';
import { Causation } from '#libs/events/causation';
import { REDACTED_PATHS, withoutSecrets } from './redaction.js';

/** @param name of the process: web, worker, seed. @param destination standard output, written to at once, so that the last words of a process are kept. */
export function createLog({ logLevel }: Pick<Config, 'logLevel'>, name: string, destination?: DestinationStream): Logger {
  const options = {
    level: logLevel,
    base: { process: name, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
    hooks: { streamWrite: withoutSecrets },
    mixin: () => Causation.names(),
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Nest's `Logger` over that log. `new Logger('Relay').warn('…', error)` logs the error with its stack. */
export class NestLog implements LoggerService {
  constructor(private readonly pino: Logger) {}

  fatal = (message: unknown, ...more: unknown[]): void => this.write('fatal', message, more);
  error = (message: unknown, ...more: unknown[]): void => this.write('error', message, more);
  warn = (message: unknown, ...more: unknown[]): void => this.write('warn', message, more);
  log = (message: unknown, ...more: unknown[]): void => this.write('info', message, more);
  debug = (message: unknown, ...more: unknown[]): void => this.write('debug', message, more);
  verbose = (message: unknown, ...more: unknown[]): void => this.write('trace', message, more);

  /** Nest passes the context last, and of an error the stack before it. */
  private write(level: Level, message: unknown, more: unknown[]): void {
    const texts = more.filter((one) => typeof one === 'string');
    const err = [message, ...more].find((one) => one instanceof Error);
    const stack = texts.find((text) => text.includes('\n    at '));
    const context = texts.findLast((text) => text !== stack);
    const msg = typeof message === 'string' ? message : (err?.message ?? JSON.stringify(message));
    this.pino[level]({ ...(context && { context }), ...(err ? { err } : stack && { stack }) }, msg);
  }
}
