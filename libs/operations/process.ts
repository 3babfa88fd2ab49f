/**
 * Shared by the web and the worker process: reading the configuration, logging, and ending with the process that started them.
 */
import type { INestApplicationContext } from '@nestjs/common';
import type { Logger } from 'pino';
import { BadConfiguration, Config } from '#libs/config/config';

export function readConfig(): Config {
  try {
    return new Config();
  } catch (error) {
    if (!(error instanceof BadConfiguration)) throw error;
    process.stderr.write(`${error.message}\n`); // for a person to read: there is no level yet to log at
    process.exit(1);
  }
}

/** A process that breaks says so in its log, not in lines of another shape, and ends. */
export function endOnError(log: Logger): void {
  const end = (err: unknown): void => {
    log.fatal({ err }, 'the process breaks off: an error was caught nowhere');
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

/** A child of `npm start` has a channel to its starter and ends when that closes; elsewhere signals end it. */
export function endWithStarter(app: INestApplicationContext): void {
  if (!process.send) return;
  process.on('disconnect', () => {
    setTimeout(() => process.exit(1), 8_000).unref();
    void app.close().finally(() => process.exit(0));
  });
}

export function notifyStarter(message: object): void {
  process.send?.(message);
}
