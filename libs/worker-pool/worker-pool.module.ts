import { Global, Module } from '@nestjs/common';
import { WorkerPool } from './worker-pool.js';

@Global()
@Module({ providers: [{ provide: WorkerPool, useFactory: () => new WorkerPool() }], exports: [WorkerPool] })
export class WorkerPoolModule {}
