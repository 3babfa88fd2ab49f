/** What the renderer is asked for and what it answers; plain data, as it crosses to a child process. */
import type { CaptionPage, Motion, Theme } from '../../domain/scene.js';

/** A fitted picture: a file of raw yuv420p (BT.709, limited range), somewhat larger than the film so that it can move. */
export interface Backdrop {
  readonly path: string;
  readonly width: number;
  readonly height: number;
}

/** One scene's moving picture with its captions. */
export interface SceneJob {
  readonly frames: number;
  readonly backdrop: Backdrop;
  readonly motion: Motion;
  readonly pages: readonly CaptionPage[];
  readonly theme: Theme;
  /** BCP 47, such as `en` or `zh`. */
  readonly language: string;
}

export interface SegmentJob extends SceneJob {
  /** Where the MP4 is to stand. It appears there whole or not at all. */
  readonly out: string;
  /** Where a JPEG of its middle is to stand, if one is wanted. */
  readonly still?: string;
}

/** The frame that stands for a scene. */
export const middleOf = ({ frames }: Pick<SceneJob, 'frames'>): number => Math.floor(frames / 2);

export interface SegmentResult {
  /** Read back from the file's own index. */
  readonly frames: number;
  readonly bytes: number;
  readonly sha256: string;
  /** What the encoder gave out while it ran: the same number, counted elsewhere. */
  readonly encodedFrames: number;
  /** CPU seconds of drawing and encoding; undefined where that cannot be read. */
  readonly cpu?: number;
}

export interface PosterJob extends SceneJob {
  readonly frame: number;
  /** Where the JPEG is to stand. */
  readonly out: string;
}

export interface BackdropJob {
  /** A cover or illustration, JPEG, PNG, WebP, GIF, AVIF or TIFF; without one, a gradient is drawn. */
  readonly picture?: string;
  readonly gradient: Theme['gradient'];
  /** Where the raw picture is to stand. */
  readonly out: string;
}

export interface FileResult {
  readonly bytes: number;
  readonly sha256: string;
}

export type BackdropResult = Omit<Backdrop, 'path'> & FileResult;

/** The picture cannot be used; the message says why, for its author. */
export class UnusablePicture extends Error {}
