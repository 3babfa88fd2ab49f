/**
 * Reads RIFF WAVE from engines and speech servers. Sizes in its headers are not believed: streaming servers write 0 or 0xFFFFFFFF
 * where they did not know the length yet; what counts is the bytes that came.
 */
export interface Wav {
  /** s16le, mono. */
  readonly pcm: Buffer;
  readonly sampleRate: number;
  /** Bytes of sound by the header and in truth, where they differ: cut off, or a lie. A placeholder promises nothing. */
  readonly falseSizes?: { readonly promised: number; readonly came: number };
}

export class NotWav extends Error {}

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
/** 0xFFFFFFFF, 0x7FFFFFFF less a header and the like: nobody has spoken for a day. */
const PLACEHOLDER = 0x7ff0_0000;

export function readWav(file: Buffer): Wav {
  if (file.length < 44 || file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE')
    throw new NotWav(`${looksLike(file)} instead of WAV`);
  let format: { code: number; channels: number; sampleRate: number; bits: number } | undefined;
  for (let at = 12; at + 8 <= file.length;) {
    const name = file.toString('latin1', at, at + 4);
    const declared = file.readUInt32LE(at + 4);
    const body = file.subarray(at + 8, Math.min(file.length, at + 8 + declared));
    if (name === 'fmt ' && body.length >= 16) {
      const code = body.readUInt16LE(0);
      format = {
        code: code === EXTENSIBLE && body.length >= 26 ? body.readUInt16LE(24) : code,
        channels: body.readUInt16LE(2),
        sampleRate: body.readUInt32LE(4),
        bits: body.readUInt16LE(14),
      };
    } else if (name === 'data') {
      if (!format) throw new NotWav('WAV with data before its format');
      const placeholder = declared === 0 || declared > PLACEHOLDER;
      const pcm = toMono16(placeholder ? file.subarray(at + 8) : body, format);
      const asPromised = placeholder || (declared <= body.length && isChunks(file.subarray(at + 8 + declared + (declared & 1))));
      const falseSizes = asPromised ? undefined : { promised: declared, came: file.length - at - 8 };
      return { pcm, sampleRate: format.sampleRate, ...(falseSizes && { falseSizes }) };
    }
    at += 8 + declared + (declared & 1);
  }
  throw new NotWav('WAV without data');
}

/** What may follow the sound: nothing, padding, or more chunks. Samples are something else. */
function isChunks(rest: Buffer): boolean {
  for (let at = 0; at + 8 <= rest.length; at += 8 + rest.readUInt32LE(at + 4) + (rest.readUInt32LE(at + 4) & 1))
    if (!/^[\x20-\x7e]{4}$/.test(rest.toString('latin1', at, at + 4))) return false;
  return true;
}

function toMono16(
  data: Buffer,
  { code, channels, sampleRate, bits }: { code: number; channels: number; sampleRate: number; bits: number },
): Buffer {
  if (channels < 1 || channels > 8 || sampleRate < 8_000 || sampleRate > 192_000)
    throw new NotWav(`WAV of ${channels} channels at ${sampleRate} Hz`);
  const read = READERS[`${code}/${bits}`];
  if (!read) throw new NotWav(`WAV of format ${code} with ${bits} bits`);
  if (code === PCM && bits === 16 && channels === 1) return data.subarray(0, data.length & ~1);
  const bytes = bits / 8;
  const frames = Math.floor(data.length / (bytes * channels));
  const out = Buffer.alloc(frames * 2);
  for (let i = 0; i < frames; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += read(data, (i * channels + channel) * bytes);
    out.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round((sum / channels) * 32_768))), i * 2);
  }
  return out;
}

const READERS: Record<string, (data: Buffer, at: number) => number> = {
  [`${PCM}/16`]: (data, at) => data.readInt16LE(at) / 32_768,
  [`${PCM}/24`]: (data, at) => data.readIntLE(at, 3) / 8_388_608,
  [`${PCM}/32`]: (data, at) => data.readInt32LE(at) / 2_147_483_648,
  [`${FLOAT}/32`]: (data, at) => data.readFloatLE(at),
};

function looksLike(file: Buffer): string {
  if (file.toString('latin1', 0, 3) === 'ID3' || (file.length > 1 && file[0] === 0xff && (file[1] & 0xe0) === 0xe0)) return 'MP3';
  if (file.toString('latin1', 0, 4) === 'OggS') return 'Ogg';
  if (file.toString('latin1', 0, 4) === 'fLaC') return 'FLAC';
  if (/^\s*</.test(file.toString('latin1', 0, 64))) return 'a web page';
  if (/^\s*[{[]/.test(file.toString('latin1', 0, 64))) return 'JSON';
  return file.length < 44 ? `${file.length} bytes` : 'something unknown';
}
