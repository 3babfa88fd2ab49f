import { Global, Module } from '@nestjs/common';
import { Config } from './config.js';

/** One `Config`, read before anything else is built, for every module to inject. */
@Global()
@Module({ providers: [{ provide: Config, useFactory: () => new Config() }], exports: [Config] })
export class ConfigModule {}
