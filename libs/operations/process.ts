/**
 * Shared by the web and the worker process: reading the configuration, logging, and ending with the process that started them.
 */
import { ConsoleLogger, type INestApplicationContext, type LogLevel } from '@nestjs/common';
import { BadConfiguration, Config } from '#libs/config/config';

export function readConfig(): Config {
  try {
    return new Config();
  } catch (error) {
    if (!(error instanceof BadConfiguration)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

const LEVELS: LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug'];

export function logger(config: Config, context: string): ConsoleLogger {
  const upTo = { silent: 0, fatal: 1, error: 2, warn: 3, info: 4, debug: 5 }[config.logLevel];
  return new ConsoleLogger(context, {
    logLevels: LEVELS.slice(0, upTo),
    json: config.nodeEnv === 'production',
    colors: config.nodeEnv !== 'production',
  });
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
