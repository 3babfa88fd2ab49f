import { Global, Module } from '@nestjs/common';
import type { Schema } from '#libs/database/database.module';
import { IdempotencyRecordRow } from './idempotency.row.js';
import { IdempotencyInterceptor } from './idempotency.js';
import { IdempotencyRecords } from './idempotency-records.js';
import { RequestFingerprint } from './request-fingerprint.js';
import { RouteMarks } from './route-marks.js';
import { IdempotencyRetention } from './idempotency-retention.js';
import { Idempotency1764000000200 } from './migrations/1764000000200-idempotency.js';
import { RateLimiter } from './rate-limiter.js';

export const httpSchema: Schema = {
  rows: [IdempotencyRecordRow],
  migrations: [Idempotency1764000000200],
  retention: { 'http.idempotency_record': '24 hours after the request.' },
};

@Global()
@Module({
  providers: [IdempotencyInterceptor, IdempotencyRecords, RequestFingerprint, RateLimiter, RouteMarks],
  exports: [IdempotencyRecords, RequestFingerprint, RateLimiter],
})
export class HttpModule {}

/** For workers. */
@Module({ providers: [IdempotencyRetention] })
export class HttpWorkerModule {}
