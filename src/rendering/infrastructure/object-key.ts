import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** What every object of rendering is kept under. */
export const ARTEFACTS = 'artefacts/';

/** Artefacts and films are stored by the sha256 of their bytes. */
export const objectKey = (sha256: string): string => `${ARTEFACTS}${sha256.slice(0, 2)}/${sha256}`;

const CHUNK = 512 * 1024;
/** Not in use at the moment: as many as files were ever hashed at once. */
const chunks: Buffer[] = [];

/**
 * Through one piece of memory that is used again: new ones cost more than to read and hash where a page fault is dear, and make the
 * collector run.
 * @param bytes how much of its start
 */
export async function sha256Of(path: string, bytes = Infinity): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  const chunk = chunks.pop() ?? Buffer.allocUnsafeSlow(CHUNK);
  try {
    for (let at = 0; at < bytes;) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK, bytes - at), at);
      if (bytesRead === 0) break;
      hash.update(chunk.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    chunks.push(chunk);
    await file.close();
  }
  return hash.digest('hex');
}
