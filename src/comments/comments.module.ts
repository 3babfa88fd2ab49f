import { Module } from '@nestjs/common';
import type { Schema } from '#libs/database/database.module';
import { AuthModule } from '../auth/index.js';
import { ChaptersModule } from '../chapters/index.js';
import { Commenting } from './application/commenting.js';
import { FollowingTheText } from './application/following-the-text.js';
import { CommentRepository, RemarkRepository } from './domain/ports.js';
import { CommentViews } from './infrastructure/comment-views.js';
import { CommentsController } from './infrastructure/comments.controller.js';
import { CommentsProcessor } from './infrastructure/comments.processor.js';
import { CommentRow, ReachedRow, RemarkRow } from './infrastructure/comments.rows.js';
import { Comments1764000003000 } from './infrastructure/migrations/1764000003000-comments.js';
import { TypeormCommentRepository, TypeormRemarkRepository } from './infrastructure/typeorm-comment.repository.js';

export const commentsSchema: Schema = { rows: [CommentRow, RemarkRow, ReachedRow], migrations: [Comments1764000003000] };

@Module({
  imports: [AuthModule, ChaptersModule],
  providers: [
    Commenting,
    FollowingTheText,
    CommentViews,
    { provide: CommentRepository, useClass: TypeormCommentRepository },
    { provide: RemarkRepository, useClass: TypeormRemarkRepository },
  ],
  exports: [Commenting, FollowingTheText, CommentViews],
})
export class CommentsModule {}

@Module({ imports: [CommentsModule], controllers: [CommentsController] })
export class CommentsWebModule {}

@Module({ imports: [CommentsModule], providers: [CommentsProcessor] })
export class CommentsWorkerModule {}
