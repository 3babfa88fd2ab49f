/** Why an image is not taken. */
import { DomainError } from '#libs/kernel/domain-error';

/** Eleven times the pixels of a film frame; 96 MB when decoded. */
export const MAX_IMAGE_PIXELS = 24_000_000;
/** The most that WebP can hold, so that every image can be written in every format. */
export const MAX_IMAGE_SIDE = 16_383;

export class UnsupportedImage extends DomainError {
  readonly code = 'unsupported-image';
  readonly kind = 'invalid';
  constructor() {
    super('The bytes are no PNG, JPEG or WebP: save the image in one of these formats and send it again.');
  }
}

export class DamagedImage extends DomainError {
  readonly code = 'damaged-image';
  readonly kind = 'invalid';
  constructor(what: string) {
    super(`The image cannot be read: ${what}. Save it again as PNG, JPEG or WebP and send the whole file.`);
  }
}

export class ImageTooLarge extends DomainError {
  readonly code = 'image-too-large';
  readonly kind = 'invalid';
  constructor(width: number, height: number) {
    super(
      `Send an image of at most ${MAX_IMAGE_PIXELS / 1e6} million pixels and ${MAX_IMAGE_SIDE} pixels a side: this one has ${width} × ${height}.`,
      { width, height, maxPixels: MAX_IMAGE_PIXELS, maxSide: MAX_IMAGE_SIDE },
    );
  }
}
