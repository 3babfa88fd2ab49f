import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { CommentState } from '../domain/comment.js';
import type { RemarkState } from '../domain/remark.js';

@Entity({ schema: 'comments', name: 'comment' })
@Index('comment_thread', ['chapterId', 'id'], { where: 'parent_id IS NULL' })
@Index('comment_branch', ['parentId', 'id'])
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
}

@Entity({ schema: 'comments', name: 'remark' })
@Index('remark_block', ['chapterId', 'block'])
@Index('remark_publication', ['chapterId', 'publication'])
export class RemarkRow implements RemarkState {
  @ForeignKey(() => CommentRow) @PrimaryColumn('uuid') commentId!: string;
  @Column('uuid') chapterId!: string;
  @Column('integer') publication!: number;
  @Column('uuid') block!: string;
  @Column('text') standing!: RemarkState['standing'];
  @Column('jsonb', { nullable: true }) quote!: RemarkState['quote'];
  @Column('jsonb', { nullable: true }) span!: RemarkState['span'];
  @Column('jsonb') madeAt!: RemarkState['madeAt'];
}

/** How far a chapter's remarks have followed its publications. */
@Entity({ schema: 'comments', name: 'reached' })
export class ReachedRow {
  @PrimaryColumn('uuid') chapterId!: string;
  @Column('integer') publication!: number;
}
