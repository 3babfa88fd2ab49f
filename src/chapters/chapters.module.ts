import { Module } from '@nestjs/common';
import type { Schema } from '#libs/database/database.module';
import { ImageReencoder } from '#libs/images/image-reencoder';
import { AuthModule } from '../auth/index.js';
import { Chapters } from './application/chapters.js';
import { Deleting } from './application/deleting.js';
import { Erasing } from './application/erasing.js';
import { LeavingWorks } from './application/leaving-works.js';
import { ManagingMembers } from './application/managing-members.js';
import { ManagingWorks } from './application/managing-works.js';
import { TakingDown } from './application/taking-down.js';
import { Titles } from './application/titles.js';
import { Writing } from './application/writing.js';
import {
  ChapterRepository,
  Erasure,
  InvitationRepository,
  Revisions,
  RevisionTexts,
  WorkRepository,
  WorkStorage,
} from './domain/ports.js';
import { AccessFacts } from './infrastructure/access-facts.js';
import { BinController } from './infrastructure/bin.controller.js';
import { BinRetention } from './infrastructure/bin-retention.js';
import { BinViews } from './infrastructure/bin-views.js';
import { AccountErasure } from './infrastructure/account-erasure.js';
import { ChapterStream } from './infrastructure/chapter-stream.js';
import { ChapterViews } from './infrastructure/chapter-views.js';
import { ChaptersController } from './infrastructure/chapters.controller.js';
import {
  BlockTextRow,
  ChapterRow,
  InvitationRow,
  MembershipRow,
  PublicationRow,
  RevisionRow,
  StoredObjectRow,
  WorkRow,
} from './infrastructure/chapters.rows.js';
import { ChaptersBaseline1795996802000 } from './infrastructure/migrations/1795996802000-chapters-baseline.js';
import { MemberViews } from './infrastructure/member-views.js';
import { MembersController } from './infrastructure/members.controller.js';
import { PublishedChapters } from './infrastructure/published-chapters.js';
import { PooledRevisionTexts } from './infrastructure/pooled-revision-texts.js';
import { TypeormChapterRepository, TypeormWorkRepository } from './infrastructure/typeorm-chapter.repository.js';
import { TypeormErasure } from './infrastructure/typeorm-erasure.js';
import { TypeormInvitationRepository } from './infrastructure/typeorm-invitation.repository.js';
import { TypeormRevisions } from './infrastructure/typeorm-revisions.js';
import { ImageSweep } from './infrastructure/image-sweep.js';
import { ObjectStorage } from './infrastructure/object-storage.js';
import { TakeDownsController } from './infrastructure/take-downs.controller.js';
import { TitleViews } from './infrastructure/title-views.js';
import { WorksController } from './infrastructure/works.controller.js';
import { ChaptersProcessor } from './infrastructure/chapters.processor.js';
import { ChaptersProjector } from './infrastructure/chapters.projector.js';
import { WorkViews } from './infrastructure/work-views.js';

export const chaptersSchema: Schema = {
  rows: [WorkRow, MembershipRow, InvitationRow, ChapterRow, RevisionRow, BlockTextRow, PublicationRow, StoredObjectRow],
  migrations: [ChaptersBaseline1795996802000],
  retention: {
    'chapters.work': 'Until its owner deletes it, and 30 days in the bin; its owner can end these early.',
    'chapters.membership': 'Until the member leaves or is removed, or as long as the work.',
    'chapters.invitation': 'As long as its work: at most 50 are open at a time.',
    'chapters.chapter': 'As long as its work, or until it is deleted and 30 days in the bin.',
    'chapters.revision': 'As long as its chapter.',
    'chapters.block_text': 'As long as its chapter.',
    'chapters.publication': 'As long as its chapter.',
    'chapters.stored_object': 'As long as its work has the object; an upload that never ended, one day.',
  },
};

@Module({
  imports: [AuthModule],
  providers: [
    Writing,
    ManagingWorks,
    ManagingMembers,
    Deleting,
    Erasing,
    TakingDown,
    LeavingWorks,
    AccessFacts,
    ChapterViews,
    ChaptersProjector,
    WorkViews,
    MemberViews,
    BinViews,
    { provide: Chapters, useExisting: ChapterViews },
    { provide: Titles, useClass: TitleViews },
    { provide: WorkRepository, useClass: TypeormWorkRepository },
    { provide: InvitationRepository, useClass: TypeormInvitationRepository },
    { provide: ChapterRepository, useClass: TypeormChapterRepository },
    { provide: Erasure, useClass: TypeormErasure },
    { provide: Revisions, useClass: TypeormRevisions },
    { provide: RevisionTexts, useClass: PooledRevisionTexts },
    ImageReencoder,
    { provide: WorkStorage, useClass: ObjectStorage },
  ],
  exports: [
    Chapters,
    Titles,
    WorkStorage,
    Writing,
    ManagingWorks,
    ManagingMembers,
    Deleting,
    Erasing,
    TakingDown,
    ChapterViews,
    WorkViews,
    MemberViews,
    BinViews,
    LeavingWorks,
  ],
})
export class ChaptersModule {}

/** Only for the web process: routes, the cache of published chapters and the live stream of chapters. */
@Module({
  imports: [AuthModule, ChaptersModule],
  controllers: [WorksController, MembersController, ChaptersController, BinController, TakeDownsController],
  providers: [PublishedChapters, ChapterStream, AccountErasure],
})
export class ChaptersWebModule {}

/** What only workers need: the reactions and the chores. */
@Module({ imports: [ChaptersModule], providers: [ChaptersProcessor, BinRetention, ImageSweep] })
export class ChaptersWorkerModule {}
