import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { answer } from './answering.js';
import { lufs, powerOf, stepEnergies } from './loudness.js';
import { master, relevelled } from './mastering.js';
import { signalOf } from './resample.js';
import type { MasterReply, MasterRequest, RelevelReply, RelevelRequest } from './speech.js';

/** Mastering takes some 100 ms of CPU a scene: it has a process of its own, so that the worker's event loop stays free. */
answer<MasterRequest | RelevelRequest, MasterReply | RelevelReply>((request) =>
  'gain' in request ? relevelledScene(request) : masteredScene(request),
);

function masteredScene({ spans, out }: MasterRequest): MasterReply {
  const mastered = master(
    spans.map(({ file, ...span }) => ({ ...span, pcm: file === null ? new Int16Array() : samplesOf(file) })),
  );
  const pcm = Buffer.from(mastered.samples.buffer);
  writeFileSync(out, pcm);
  const energies = energiesOf(mastered.samples);
  return {
    samples: mastered.samples.length,
    sha256: createHash('sha256').update(pcm).digest('hex'),
    times: mastered.times,
    silentSpans: mastered.silentSpans,
    loudness: Math.round(lufs(powerOf(energies)) * 10) / 10,
    energies,
  };
}

function relevelledScene({ file, gain, out }: RelevelRequest): RelevelReply {
  const samples = relevelled(samplesOf(file), gain);
  writeFileSync(out, Buffer.from(samples.buffer));
  return { samples: samples.length, energies: energiesOf(samples) };
}

function samplesOf(file: string): Int16Array {
  const bytes = readFileSync(file);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1)));
}

/** Four digits are a thousandth of a decibel. */
function energiesOf(samples: Int16Array): number[] {
  return stepEnergies(signalOf(samples)).map((energy) => Number(energy.toPrecision(4)));
}
