import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { CommentState } from '../domain/comment.js';
import type { CommentAnchor } from '../domain/comment-anchor.js';

@Entity({ schema: 'comments', name: 'comment' })
@Index('comment_thread', ['chapterId', 'position'], { where: 'parent_id IS NULL' })
@Index('comment_branch', ['parentId', 'position'])
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
@Index('comment_anchor_block', ['chapterId', 'block'])
@Index('comment_anchor_publication', ['chapterId', 'publication'])
export class CommentAnchorRow implements CommentAnchor {
  @ForeignKey(() => CommentRow) @PrimaryColumn('uuid') commentId!: string;
  @Column('uuid') chapterId!: string;
  @Column('integer') publication!: number;
  @Column('uuid') block!: string;
  @Column('text') status!: CommentAnchor['status'];
  @Column('jsonb', { nullable: true }) quote!: CommentAnchor['quote'];
  @Column('jsonb', { nullable: true }) span!: CommentAnchor['span'];
  @Column('jsonb') origin!: CommentAnchor['origin'];
}

/** The publication that the anchors of a chapter have reached. */
@Entity({ schema: 'comments', name: 'reanchoring_position' })
export class ReanchoringPositionRow {
  @PrimaryColumn('uuid') chapterId!: string;
  @Column('integer') publication!: number;
}
