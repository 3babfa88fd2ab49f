import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** What every object of rendering is kept under. */
export const ARTEFACTS = 'artefacts/';

/** Artefacts and films are stored by the sha256 of their bytes. */
export const objectKey = (sha256: string): string => `${ARTEFACTS}${sha256.slice(0, 2)}/${sha256}`;

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
