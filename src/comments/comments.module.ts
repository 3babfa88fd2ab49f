import { Module } from '@nestjs/common';
import type { Schema } from '#libs/database/database.module';
import { AuthModule } from '../auth/index.js';
import { ChaptersModule } from '../chapters/index.js';
import { Commenting } from './application/commenting.js';
import { ErasingComments } from './application/erasing-comments.js';
import { LeavingThreads } from './application/leaving-threads.js';
import { Reanchoring } from './application/reanchoring.js';
import { CommentAnchorRepository, CommentErasure, CommentRepository } from './domain/ports.js';
import { CommentViews } from './infrastructure/comment-views.js';
import { CommentsAdminController } from './infrastructure/comments-admin.controller.js';
import { CommentsController } from './infrastructure/comments.controller.js';
import { CommentsProcessor } from './infrastructure/comments.processor.js';
import { CommentsProjector } from './infrastructure/comments.projector.js';
import { CommentRow, ReanchoringPositionRow, CommentAnchorRow } from './infrastructure/comments.rows.js';
import { CommentsBaseline1795996803000 } from './infrastructure/migrations/1795996803000-comments-baseline.js';
import { TypeormCommentErasure } from './infrastructure/typeorm-comment-erasure.js';
import { TypeormCommentRepository, TypeormCommentAnchorRepository } from './infrastructure/typeorm-comment.repository.js';

export const commentsSchema: Schema = {
  rows: [CommentRow, CommentAnchorRow, ReanchoringPositionRow],
  migrations: [CommentsBaseline1795996803000],
  retention: {
    'comments.comment':
      'As long as its chapter; its words, until the account of its author is erased, if they are to go with it.',
    'comments.comment_anchor': 'As long as its comment.',
    'comments.last_position': 'As long as its chapter.',
    'comments.reanchoring_position': 'As long as its chapter.',
  },
};

@Module({
  imports: [AuthModule, ChaptersModule],
  providers: [
    Commenting,
    Reanchoring,
    ErasingComments,
    LeavingThreads,
    CommentViews,
    CommentsProjector,
    { provide: CommentRepository, useClass: TypeormCommentRepository },
    { provide: CommentAnchorRepository, useClass: TypeormCommentAnchorRepository },
    { provide: CommentErasure, useClass: TypeormCommentErasure },
  ],
  exports: [Commenting, Reanchoring, ErasingComments, LeavingThreads, CommentViews],
})
export class CommentsModule {}

@Module({ imports: [CommentsModule], controllers: [CommentsController, CommentsAdminController] })
export class CommentsWebModule {}

@Module({ imports: [CommentsModule], providers: [CommentsProcessor] })
export class CommentsWorkerModule {}
