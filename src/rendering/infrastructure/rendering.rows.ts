import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Fields } from '../domain/keys.js';
import type { LexiconEntry, LexiconState } from '../domain/lexicon.js';
import type { PlannedScene } from '../domain/plan.js';
import type { ArtefactKind, Ending, PartState, SettingsState, Tools } from '../domain/ports.js';
import type { Film, RenditionState } from '../domain/rendition.js';
import type { FittedPicture } from '../domain/scene.js';
import type { ScriptBlocks, ScriptState } from '../domain/script.js';

@Entity({ schema: 'rendering', name: 'rendition' })
@Index('rendition_chapter', ['chapterId', 'id'])
@Index('rendition_work', ['workId', 'id'])
@Index('rendition_author', ['authorId', 'createdAt'])
@Index('rendition_under_way', ['id'], { where: "state IN ('planning', 'rendering', 'assembling')" })
@Index('rendition_wish', ['wishKey'], {
  unique: true,
  where: "state NOT IN ('failed', 'cancelled') AND NOT (degraded AND state = 'ready')",
})
@Index('rendition_ended', ['finishedAt'], { where: "state IN ('failed', 'cancelled')" })
@Check('rendition_state_check', `state IN ('planning', 'rendering', 'assembling', 'ready', 'failed', 'cancelled')`)
@Check('rendition_taken_down_check', '(taken_down_at IS NULL) = (taken_down_because IS NULL)')
@Check('rendition_revision_check', 'revision >= 1')
@Check('rendition_lexicon_check', 'lexicon >= 0')
@Check('rendition_expected_seconds_check', 'expected_seconds >= 0')
@Check('rendition_frames_planned_check', 'frames_planned >= 0')
export class RenditionRow implements RenditionState {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') chapterId!: string;
  @Column('uuid') workId!: string;
  @Column('uuid') authorId!: string;
  @Column('integer') revision!: number;
  @Column('text') title!: string;
  @Column('text') language!: string;
  @Column('text') voice!: string;
  @Column('text', { nullable: true }) fallbackVoice!: string | null;
  @Column('text') theme!: string;
  @Column('text', { nullable: true }) cover!: string | null;
  @Column('jsonb') script!: ScriptBlocks;
  @Column('integer') lexicon!: number;
  @Column('real') expectedSeconds!: number;
  @Column('text') wishKey!: string;
  @Column('uuid', { nullable: true }) requestedBy!: string | null;
  @Column('text') state!: RenditionState['state'];
  @Column('text', { nullable: true }) engine!: string | null;
  @Column('text', { nullable: true }) studio!: string | null;
  @Column('jsonb', { nullable: true }) picture!: RenditionState['picture'];
  @Column('jsonb') pictures!: RenditionState['pictures'];
  @Column('integer', { nullable: true }) framesPlanned!: number | null;
  @Index('rendition_film', { synchronize: false }) @Column('jsonb', { nullable: true }) film!: Film | null;
  @Column('boolean', { default: false }) degraded!: boolean;
  @Column('jsonb') warnings!: string[];
  @Column('text', { nullable: true }) failure!: string | null;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz', { nullable: true }) finishedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) takenDownAt!: Date | null;
  @Column('text', { nullable: true }) takenDownBecause!: string | null;
}

@Entity({ schema: 'rendering', name: 'part' })
@Index('part_sound', ['soundKey'])
@Index('part_segment', ['segmentKey'])
@Check('part_idx_check', 'idx >= 0')
@Check('part_frames_check', 'frames >= 0')
export class PartRow implements PartState {
  @ForeignKey(() => RenditionRow, { onDelete: 'CASCADE' }) @PrimaryColumn('uuid') rendition!: string;
  @PrimaryColumn('integer') idx!: number;
  @Column('jsonb') scene!: PlannedScene;
  @Column('uuid', { array: true }) blocks!: string[];
  @Column('text', { nullable: true }) voice!: string | null;
  @ForeignKey(() => ArtefactRow) @Column('text') soundKey!: string;
  @Column('boolean') soundReused!: boolean;
  @ForeignKey(() => ArtefactRow) @Column('text', { nullable: true }) segmentKey!: string | null;
  @Column('boolean', { nullable: true }) segmentReused!: boolean | null;
  @Column('integer', { nullable: true }) frames!: number | null;
  @Column('boolean', { default: false }) card!: boolean;
}

/** Input key → output. A lease is held while somebody makes it. */
@Entity({ schema: 'rendering', name: 'artefact' })
@Index('artefact_wanted', ['createdAt'], { where: "status = 'wanted'" })
@Check('artefact_kind_check', `kind IN ('picture', 'speech', 'sound', 'segment')`)
@Check('artefact_status_check', `status IN ('wanted', 'ready', 'deleting')`)
@Check('artefact_epoch_check', 'epoch >= 0')
@Check('artefact_forgiven_check', 'forgiven >= 0')
@Check('artefact_frames_encoded_check', 'frames_encoded >= 0')
@Check('artefact_bytes_check', 'bytes >= 0')
@Check('artefact_frames_check', 'frames >= 0')
export class ArtefactRow {
  @PrimaryColumn('text') key!: string;
  @Column('text') kind!: ArtefactKind;
  @Column('jsonb') fields!: Fields;
  /** `deleting`: no film needs it, and the sweep will give it up unless one wants it again. */
  @Column('text') status!: 'wanted' | 'ready' | 'deleting';
  @Column('integer', { default: 0 }) epoch!: number;
  /** Mishaps up to this epoch do not count any more. */
  @Column('integer', { default: 0 }) forgiven!: number;
  @Index('artefact_leased', { where: 'lease_until IS NOT NULL' })
  @Column('timestamptz', { nullable: true })
  leaseUntil!: Date | null;
  /** Frames that have left the encoder, over all tries: it never falls. */
  @Column('integer', { default: 0 }) framesEncoded!: number;
  @Index('artefact_output') @Column('text', { nullable: true }) sha256!: string | null;
  @Column('bigint', { nullable: true }) bytes!: number | null;
  @Column('integer', { nullable: true }) frames!: number | null;
  @Column('jsonb', { nullable: true }) facts!: Fields | null;
  @Column('timestamptz', { default: () => 'now()' }) createdAt!: Date;
  @Column('timestamptz', { nullable: true }) madeAt!: Date | null;
  @Index('artefact_deleting', { where: 'deleting_at IS NOT NULL' })
  @Column('timestamptz', { nullable: true })
  deletingAt!: Date | null;
}

/** An object in the store, whatever registered it: see object-pins.ts. */
@Entity({ schema: 'rendering', name: 'object' })
export class ObjectRow {
  @PrimaryColumn('text') sha256!: string;
  @Column('timestamptz') pinnedUntil!: Date;
  /** Set while it is being deleted: whoever wants to store it again waits. */
  @Column('timestamptz', { nullable: true }) deletingUntil!: Date | null;
}

/** The ledger: each try to make an artefact, by whom, how many frames it encoded and how it ended. Open while `outcome` is null. */
@Entity({ schema: 'rendering', name: 'attempt' })
@Index('attempt_ended', ['endedAt'], { where: 'ended_at IS NOT NULL' })
@Check('attempt_epoch_check', 'epoch >= 1')
@Check('attempt_frames_check', 'frames >= 0')
@Check('attempt_outcome_check', `outcome IN ('made', 'lost', 'given back', 'unwanted', 'failed', 'crashed')`)
export class AttemptRow {
  @ForeignKey(() => ArtefactRow, { onDelete: 'CASCADE' }) @PrimaryColumn('text') key!: string;
  @PrimaryColumn('integer') epoch!: number;
  @Column('text') worker!: string;
  @Column('integer', { default: 0 }) frames!: number;
  /** `lost`: its worker died, or was silent for longer than its lease. */
  @Column('text', { nullable: true }) outcome!: 'made' | 'lost' | Ending['outcome'] | null;
  @Column('text', { nullable: true }) why!: string | null;
  @Column('timestamptz', { default: () => 'now()' }) beganAt!: Date;
  @Column('timestamptz', { nullable: true }) endedAt!: Date | null;
}

/** When a worker with these tools was last there. */
@Entity({ schema: 'rendering', name: 'studio' })
export class StudioRow {
  @PrimaryColumn('text') fingerprint!: string;
  @Column('timestamptz') seenAt!: Date;
}

@Entity({ schema: 'rendering', name: 'settings' })
@Check('settings_version_check', 'version >= 1')
export class SettingsRow implements SettingsState {
  @PrimaryColumn('uuid') workId!: string;
  @Column('boolean') onPublish!: boolean;
  @Column('text', { nullable: true }) voice!: string | null;
  @Column('text', { nullable: true }) fallbackVoice!: string | null;
  @Column('text') theme!: string;
  @Column('integer') version!: number;
}

@Entity({ schema: 'rendering', name: 'script' })
@Check('script_version_check', 'version >= 1')
export class ScriptRow implements ScriptState {
  @PrimaryColumn('uuid') chapterId!: string;
  @Column('uuid') workId!: string;
  @Column('integer') version!: number;
  @Column('jsonb') blocks!: ScriptBlocks;
}

/** Insert-only: films name versions. */
@Entity({ schema: 'rendering', name: 'lexicon' })
@Check('lexicon_version_check', 'version >= 1')
export class LexiconRow implements LexiconState {
  @PrimaryColumn('uuid') workId!: string;
  @PrimaryColumn('integer') version!: number;
  @Column('jsonb') entries!: LexiconEntry[];
  @Column('timestamptz') createdAt!: Date;
}

/** What was uploaded to stand behind blocks. */
@Entity({ schema: 'rendering', name: 'picture' })
export class PictureRow {
  @PrimaryColumn('uuid') workId!: string;
  @PrimaryColumn('text') sha256!: string;
  @Column('text') objectKey!: string;
  @Column('timestamptz') createdAt!: Date;
}

/** With which tools the workers that were there make films. */
@Entity({ schema: 'rendering', name: 'tools' })
export class ToolsRow implements Tools {
  @PrimaryColumn('text') studio!: string;
  @Column('text') picture!: string;
  @Column('text') fitting!: string;
  @Column('text') sound!: string;
  @Column('timestamptz') seenAt!: Date;
}

/** What a picture became, by what it was made of. */
@Entity({ schema: 'rendering', name: 'fitted' })
@Check('fitted_width_check', 'width >= 1')
@Check('fitted_height_check', 'height >= 1')
export class FittedRow implements FittedPicture {
  @PrimaryColumn('text') key!: string;
  @Column('text') sha256!: string;
  @Column('integer') width!: number;
  @Column('integer') height!: number;
  @Index('fitted_at') @Column('timestamptz', { default: () => 'now()' }) fittedAt!: Date;
}
