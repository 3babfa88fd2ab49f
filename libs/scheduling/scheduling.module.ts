import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import type { Schema } from '#libs/database/database.module';
import { ChoresController } from './chores.controller.js';
import { SchedulingBaseline1795996800400 } from './migrations/1795996800400-scheduling-baseline.js';
import { Scheduler } from './scheduler.js';
import { SchedulingRetention } from './scheduling-retention.js';
import { ChoreRow, ChoreRunRow } from './scheduling.rows.js';

export const schedulingSchema: Schema = {
  rows: [ChoreRow, ChoreRunRow],
  migrations: [SchedulingBaseline1795996800400],
  retention: {
    'scheduling.chore': 'For ever: one row for each chore.',
    'scheduling.chore_run': '30 days after the run began.',
  },
};

/** For workers: runs the chores of every provider. */
@Global()
@Module({ imports: [DiscoveryModule], providers: [Scheduler, SchedulingRetention] })
export class SchedulingWorkerModule {}

/** For the web process: what the chores did. */
@Module({ controllers: [ChoresController] })
export class SchedulingWebModule {}
