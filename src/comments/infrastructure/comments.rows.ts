import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { CommentState } from '../domain/comment.js';
import type { CommentAnchor } from '../domain/comment-anchor.js';

@Entity({ schema: 'comments', name: 'comment' })
@Index('comment_chapter', ['chapterId', 'position'])
@Index('comment_thread', ['chapterId', 'position'], { where: 'parent_id IS NULL' })
@Index('comment_branch', ['parentId', 'position'])
@Check('comment_depth_check', 'depth >= 0')
@Check('comment_status_check', `status IN ('shown', 'withdrawn', 'hidden', 'taken-down')`)
@Check('comment_position_check', 'position >= 1')
@Check('comment_taken_down_check', '(taken_down_at IS NULL) = (taken_down_because IS NULL)')
@Check('comment_root_check', '(parent_id IS NULL) = (root_id = id) AND (parent_id IS NULL) = (depth = 0)')
export class CommentRow implements CommentState {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') chapterId!: string;
  @Index('comment_author') @Column('uuid') authorId!: string;
  @ForeignKey(() => CommentRow) @Column('uuid', { nullable: true }) parentId!: string | null;
  @Column('uuid') rootId!: string;
  @Column('integer') depth!: number;
  @Column('text') body!: string;
  @Column('text') status!: CommentState['status'];
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz', { nullable: true }) takenDownAt!: Date | null;
  @Column('text', { nullable: true }) takenDownBecause!: string | null;
  /** The place in the chapter, in the order of commits: a trigger gives it. Pages are read by it. */
  @Column({ type: 'integer', insert: false, update: false }) position!: number;
}

@Entity({ schema: 'comments', name: 'comment_anchor' })
@Index('comment_anchor_block', ['chapterId', 'block', 'position'])
@Index('comment_anchor_publication', ['chapterId', 'publication'])
@Check('comment_anchor_position_check', 'position >= 1')
@Check('comment_anchor_publication_check', 'publication >= 0')
@Check('comment_anchor_status_check', `status IN ('anchored', 'edited', 'moved', 'detached')`)
export class CommentAnchorRow implements CommentAnchor {
  @ForeignKey(() => CommentRow, { onDelete: 'CASCADE' }) @PrimaryColumn('uuid') commentId!: string;
  @Column('uuid') chapterId!: string;
  @Column('integer') publication!: number;
  @Column('uuid') block!: string;
  @Column('text') status!: CommentAnchor['status'];
  @Column('jsonb', { nullable: true }) quote!: CommentAnchor['quote'];
  @Column('jsonb', { nullable: true }) span!: CommentAnchor['span'];
  @Column('jsonb') origin!: CommentAnchor['origin'];
  /** Of its comment: a trigger copies it. */
  @Column({ type: 'integer', insert: false, update: false, select: false }) position!: number;
}

/** The publication that the anchors of a chapter have reached. */
@Entity({ schema: 'comments', name: 'reanchoring_position' })
@Check('reanchoring_position_publication_check', 'publication >= 0')
export class ReanchoringPositionRow {
  @PrimaryColumn('uuid') chapterId!: string;
  @Column('integer') publication!: number;
}
