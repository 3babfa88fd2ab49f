/**
 * What the worker and a renderer process say to each other: one JSON object a line, over the child's standard input and output.
 * While frames move, into the encoder or out of it, the child says at least every second that it is alive.
 */
import type { BackdropJob, BackdropResult, FileResult, PosterJob, SegmentJob, SegmentResult } from './segment-job.js';

export interface Tasks {
  segment: { job: SegmentJob; result: SegmentResult };
  poster: { job: PosterJob; result: FileResult };
  backdrop: { job: BackdropJob; result: BackdropResult };
}
export type Task = keyof Tasks;

export type ToRenderer =
  | { [T in Task]: { readonly type: T; readonly id: number; readonly job: Tasks[T]['job'] } }[Task]
  | { readonly type: 'cancel'; readonly id: number };

/**
 * - picture: the author's picture is at fault; retrying will not help
 * - disk: a file could not be read or written: later, or elsewhere, it may be
 * - encoder: FFmpeg failed
 * - scene: the job itself cannot be drawn; retrying will not help
 * - cancelled: as asked
 * - died: the renderer process ended in the middle
 */
export type FailureKind = 'picture' | 'disk' | 'encoder' | 'scene' | 'cancelled' | 'died';

export type FromRenderer =
  | { readonly type: 'encoder'; readonly id: number; readonly pid: number | null }
  /** All of its frames are in the encoder: the process takes another task, while this one's encoder finishes. */
  | { readonly type: 'poured'; readonly id: number }
  | { readonly type: 'alive'; readonly id: number }
  | { readonly type: 'frame'; readonly id: number; readonly frames: number }
  | { readonly type: 'done'; readonly id: number; readonly result: Tasks[Task]['result'] }
  | { readonly type: 'failed'; readonly id: number; readonly kind: FailureKind; readonly message: string };
