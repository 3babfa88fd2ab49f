import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Lineage } from '../domain/alignment.js';
import type { BlockKind } from '../domain/blocks.js';
import type { ChapterState } from '../domain/chapter.js';
import type { InvitationState } from '../domain/invitation.js';
import type { MemberRole, MemberState, WorkState } from '../domain/work.js';

const IN_BIN = '(deleted_at IS NULL) = (erased_after IS NULL)';
const TAKEN_DOWN = '(taken_down_at IS NULL) = (taken_down_because IS NULL)';

@Entity({ schema: 'chapters', name: 'work' })
@Index('work_owner', ['ownerId', 'createdAt', 'id'])
@Index('work_newest', ['createdAt', 'id'], { where: 'deleted_at IS NULL' })
@Index('work_bin', ['erasedAfter'], { where: 'erased_after IS NOT NULL' })
@Check('work_version_check', 'version >= 1')
@Check('work_bin_check', IN_BIN)
@Check('work_taken_down_check', TAKEN_DOWN)
export class WorkRow implements Omit<WorkState, 'members'> {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') ownerId!: string;
  @Column('text') title!: string;
  @Column('text') summary!: string;
  @Column('text') language!: string;
  @Column('text', { nullable: true }) cover!: string | null;
  @Column('timestamptz') createdAt!: Date;
  @Column('integer') version!: number;
  @Column('timestamptz', { nullable: true }) deletedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) erasedAfter!: Date | null;
  @Column('timestamptz', { nullable: true }) takenDownAt!: Date | null;
  @Column('text', { nullable: true }) takenDownBecause!: string | null;
}

/** An object that a work has. The storage quota of an owner is counted from these rows alone. */
@Entity({ schema: 'chapters', name: 'stored_object' })
@Index('stored_object_upload', ['storedAt'], { where: `slot LIKE 'upload:%'` })
@Check('stored_object_bytes_check', 'bytes >= 0')
export class StoredObjectRow {
  @ForeignKey(() => WorkRow, { onDelete: 'CASCADE' }) @PrimaryColumn('uuid') workId!: string;
  /** `cover`, `picture:<sha256>`, or `upload:<uuid>` while it is being stored. */
  @PrimaryColumn('text') slot!: string;
  @Index('stored_object_key') @Column('text') objectKey!: string;
  @Column('bigint') bytes!: number;
  @Column('timestamptz', { default: () => 'now()' }) storedAt!: Date;
}

const A_MEMBER_ROLE = `role IN ('editor', 'moderator', 'beta-reader')`;

@Entity({ schema: 'chapters', name: 'membership' })
@Check('membership_role_check', A_MEMBER_ROLE)
export class MembershipRow implements MemberState {
  @ForeignKey(() => WorkRow, { onDelete: 'CASCADE' }) @PrimaryColumn('uuid') workId!: string;
  @Index('membership_account') @PrimaryColumn('uuid') accountId!: string;
  @Column('text') role!: MemberRole;
  @Column('timestamptz') joinedAt!: Date;
}

@Entity({ schema: 'chapters', name: 'invitation' })
@Index('invitation_work', ['workId', 'status', 'id'])
@Index('invitation_invitee', ['inviteeId', 'status', 'id'])
@Check('invitation_role_check', A_MEMBER_ROLE)
@Check('invitation_status_check', `status IN ('open', 'accepted', 'declined', 'revoked')`)
export class InvitationRow implements InvitationState {
  @PrimaryColumn('uuid') id!: string;
  @ForeignKey(() => WorkRow, { onDelete: 'CASCADE' }) @Column('uuid') workId!: string;
  @Column('text') role!: MemberRole;
  @Column('uuid', { nullable: true }) inviteeId!: string | null;
  @Column('text') tokenHash!: string;
  @Column('uuid') invitedBy!: string;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz') expiresAt!: Date;
  @Column('text') status!: InvitationState['status'];
}

@Entity({ schema: 'chapters', name: 'chapter' })
@Index('chapter_in_bin', ['workId'], { where: 'erased_after IS NOT NULL' })
@Index('chapter_published', ['workId'], { where: "status = 'published'" })
@Check('chapter_status_check', `status IN ('draft', 'published', 'unpublished')`)
@Check('chapter_head_revision_check', 'head_revision >= 1')
@Check('chapter_published_revision_check', 'published_revision BETWEEN 1 AND head_revision')
@Check('chapter_published_check', `status <> 'published' OR published_revision IS NOT NULL`)
@Check('chapter_version_check', 'version >= 1')
// checked at commit: a rebalance gives chapters the ranks that others had a moment ago
@Unique('chapter_order', ['workId', 'rank'], { deferrable: 'INITIALLY DEFERRED' })
@Index('chapter_bin', ['erasedAfter'], { where: 'erased_after IS NOT NULL' })
@Check('chapter_bin_check', IN_BIN)
@Check('chapter_taken_down_check', TAKEN_DOWN)
export class ChapterRow implements ChapterState {
  @PrimaryColumn('uuid') id!: string;
  @ForeignKey(() => WorkRow, { onDelete: 'CASCADE' }) @Column('uuid') workId!: string;
  @Column('uuid') authorId!: string;
  // byte order, whatever the database's collation: rank keys compare so
  @Column({ type: 'text', collation: 'C' }) rank!: string;
  @Column('text') title!: string;
  @Column('text') status!: ChapterState['status'];
  @Column('integer') headRevision!: number;
  @Column('integer', { nullable: true }) publishedRevision!: number | null;
  @Column('timestamptz', { nullable: true }) publishedAt!: Date | null;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz') updatedAt!: Date;
  @Column('integer') version!: number;
  @Column('timestamptz', { nullable: true }) deletedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) erasedAfter!: Date | null;
  @Column('timestamptz', { nullable: true }) takenDownAt!: Date | null;
  @Column('text', { nullable: true }) takenDownBecause!: string | null;
}

/** Never updated; deleted only when its chapter is erased. */
@Entity({ schema: 'chapters', name: 'revision' })
@Check('revision_number_check', 'number >= 1')
@Check('revision_parent_check', 'parent < number')
@Check('revision_length_check', 'length >= 0')
export class RevisionRow {
  @ForeignKey(() => ChapterRow, { onDelete: 'CASCADE' }) @PrimaryColumn('uuid') chapterId!: string;
  @PrimaryColumn('integer') number!: number;
  @Column('integer', { nullable: true }) parent!: number | null;
  @Column('text') title!: string;
  @Column('uuid') authorId!: string;
  /** `[block id, digest]` in order. */
  @Column('jsonb') blocks!: [string, string][];
  @Column('jsonb') lineage!: readonly Lineage[];
  /** Readable characters: 0 when there are only scene breaks. */
  @Column('integer') length!: number;
  @Column('timestamptz') createdAt!: Date;
}

/** One text of one block, shared by all revisions in which the block has it. */
@Entity({ schema: 'chapters', name: 'block_text' })
@Check('block_text_kind_check', `kind IN ('paragraph', 'heading', 'quote', 'verse', 'list', 'code', 'scene-break')`)
export class BlockTextRow {
  @PrimaryColumn('uuid') block!: string;
  @PrimaryColumn('text') digest!: string;
  @ForeignKey(() => ChapterRow, { onDelete: 'CASCADE' }) @Index('block_text_chapter') @Column('uuid') chapterId!: string;
  @Column('text') kind!: BlockKind;
  @Column('text') text!: string;
}

/** The published revisions in order: 1, 2, 3 … for each chapter. */
@Entity({ schema: 'chapters', name: 'publication' })
@ForeignKey(() => RevisionRow, ['chapterId', 'revision'], ['chapterId', 'number'], { onDelete: 'CASCADE' })
@Check('publication_number_check', 'number >= 1')
export class PublicationRow {
  @ForeignKey(() => ChapterRow, { onDelete: 'CASCADE' }) @PrimaryColumn('uuid') chapterId!: string;
  @PrimaryColumn('integer') number!: number;
  @Column('integer') revision!: number;
  @Column('timestamptz') at!: Date;
  @Column('timestamptz', { nullable: true }) retractedAt!: Date | null;
}
