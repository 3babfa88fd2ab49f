import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** What every object of rendering is kept under. */
export const ARTEFACTS = 'artefacts/';

/** Artefacts and films are stored by the sha256 of their bytes. */
export const objectKey = (sha256: string): string => `${ARTEFACTS}${sha256.slice(0, 2)}/${sha256}`;

const CHUNK = 256 * 1024;

/**
 * Through one piece of memory: a stream takes new ones, which cost more than to read and hash where a page fault is dear.
 * @param bytes how much of its start
 */
export async function sha256Of(path: string, bytes = Infinity): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafeSlow(CHUNK);
  const file = await open(path);
  try {
    for (let at = 0; at < bytes;) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK, bytes - at), at);
      if (bytesRead === 0) break;
      hash.update(chunk.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
