import { Global, Module } from '@nestjs/common';
import type { Schema } from '#libs/database/database.module';
import { ErasedAnswers } from './erased-answers.js';
import { IdempotencyRecordRow } from './idempotency.row.js';
import { IdempotencyInterceptor } from './idempotency.js';
import { IdempotencyRecords } from './idempotency-records.js';
import { RequestFingerprint } from './request-fingerprint.js';
import { RouteMarks } from './route-marks.js';
import { IdempotencyRetention } from './idempotency-retention.js';
import { HttpBaseline1795996800200 } from './migrations/1795996800200-http-baseline.js';
import { RateLimiter } from './rate-limiter.js';

export const httpSchema: Schema = {
  rows: [IdempotencyRecordRow],
  migrations: [HttpBaseline1795996800200],
  retention: {
    'http.idempotency_record':
      '24 hours after the request, or until its account is erased; the body only until what it is about is erased.',
  },
};

@Global()
@Module({
  providers: [IdempotencyInterceptor, IdempotencyRecords, RequestFingerprint, RateLimiter, RouteMarks],
  exports: [IdempotencyRecords, RequestFingerprint, RateLimiter],
})
export class HttpModule {}

/** For workers. */
@Module({ providers: [IdempotencyRetention, IdempotencyRecords, ErasedAnswers] })
export class HttpWorkerModule {}
