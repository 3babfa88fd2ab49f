/** Pixels of an image as its header states them, before the orientation is applied. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}
