import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import sharp from 'sharp';
import { DomainError } from '#libs/kernel/domain-error';
import { ObjectStore } from '#libs/storage/object-store';
import { Covers } from '../domain/ports.js';

const MAX_PIXELS = 60_000_000;

export class NotAPicture extends DomainError {
  readonly code = 'not-a-picture';
  readonly kind = 'invalid';
  constructor(why: string) {
    super(`Send a whole JPEG, PNG or WebP of at most ${MAX_PIXELS / 1e6} million pixels: ${why}.`);
  }
}

/** Decodes every pixel before a picture is believed to be one: a cut-off JPEG opens well and ends grey. */
@Injectable()
export class SharpCovers extends Covers {
  constructor(private readonly objects: ObjectStore) {
    super();
  }

  async store(picture: Buffer): Promise<string> {
    let format: string | undefined;
    try {
      const image = sharp(picture, { failOn: 'truncated', limitInputPixels: MAX_PIXELS });
      ({ format } = await image.metadata());
      await image.stats();
    } catch (error) {
      throw new NotAPicture((error as Error).message.split('\n')[0]);
    }
    if (format !== 'jpeg' && format !== 'png' && format !== 'webp')
      throw new NotAPicture(`this is ${format ?? 'something else'}`);
    const sha256 = createHash('sha256').update(picture).digest('hex');
    const key = `covers/${sha256.slice(0, 2)}/${sha256}`;
    await this.objects.put(key, picture, { contentType: `image/${format}`, sha256 });
    return key;
  }
}
