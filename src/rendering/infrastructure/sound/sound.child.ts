import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { answer } from './answering.js';
import { master } from './mastering.js';
import { loudPower, lufs } from './loudness.js';
import type { MasterReply, MasterRequest } from './speech.js';

/** Mastering takes some 100 ms of CPU a scene: it has a process of its own, so that the worker's event loop stays free. */
answer<MasterRequest, MasterReply>(({ spans, out }) => {
  const mastered = master(
    spans.map(({ file, ...span }) => {
      const bytes = file === null ? Buffer.alloc(0) : readFileSync(file);
      return { ...span, pcm: new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1))) };
    }),
  );
  const pcm = Buffer.from(mastered.samples.buffer);
  writeFileSync(out, pcm);
  return {
    samples: mastered.samples.length,
    sha256: createHash('sha256').update(pcm).digest('hex'),
    times: mastered.times,
    silentSpans: mastered.silentSpans,
    loudness: Math.round(lufs(loudPower(Float64Array.from(mastered.samples, (sample) => sample / 32_768))) * 10) / 10,
  };
});
