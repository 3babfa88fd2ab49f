import { Module } from '@nestjs/common';
import type { Schema } from '#libs/database/database.module';

export const renderingSchema: Schema = { rows: [], migrations: [] };
@Module({})
export class RenderingModule {}
@Module({})
export class RenderingWebModule {}
@Module({})
export class RenderingWorkerModule {}
