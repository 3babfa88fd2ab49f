/** Artefacts and films are stored by the sha256 of their bytes. */
export const objectKey = (sha256: string): string => `artefacts/${sha256.slice(0, 2)}/${sha256}`;
