import fc from 'fast-check';
import { NotWav, readWav } from './wav.js';

/** A WAVE file; `declared` is what its header says about the data's length. */
function wav(data: Buffer, { code = 1, channels = 1, rate = 24_000, bits = 16, declared = data.length } = {}): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE((36 + declared) >>> 0, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(code, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE((rate * channels * bits) / 8, 28);
  head.writeUInt16LE((channels * bits) / 8, 32);
  head.writeUInt16LE(bits, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(declared, 40);
  return Buffer.concat([head, data]);
}

const samples = (...values: number[]) => Buffer.from(Int16Array.from(values).buffer);

describe('WAV', () => {
  it('gives its samples back', () => {
    expect(readWav(wav(samples(1, -2, 3)))).toEqual({ pcm: samples(1, -2, 3), sampleRate: 24_000 });
  });

  it('is read by the bytes that came where the header only holds a place', () => {
    for (const declared of [0, 0xffff_ffff, 0x7fff_ffff - 36])
      expect(readWav(wav(samples(1, 2, 3), { declared }))).toEqual({ pcm: samples(1, 2, 3), sampleRate: 24_000 });
  });

  it('tells when less or more came than promised, other chunks after the sound aside', () => {
    expect(readWav(wav(samples(1, 2), { declared: 4_000 })).falseSizes).toEqual({ promised: 4_000, came: 4 });
    const many = samples(...Array.from({ length: 500 }, (_, i) => (i * 7_919) % 30_000));
    expect(readWav(wav(many, { declared: 100 })).falseSizes).toEqual({ promised: 100, came: 1_000 });
    const list = Buffer.concat([wav(samples(1, 2)), Buffer.from('LIST\x04\0\0\0INFO', 'latin1')]);
    expect(readWav(list).falseSizes).toBeUndefined();
  });

  it('is mixed to one channel of 16 bits', () => {
    expect(readWav(wav(samples(100, 200, -300, -100), { channels: 2 })).pcm).toEqual(samples(150, -200));
    const floats = Buffer.from(Float32Array.from([0.5, -0.5, 2]).buffer);
    expect(readWav(wav(floats, { code: 3, bits: 32 })).pcm).toEqual(samples(16_384, -16_384, 32_767));
    expect(readWav(wav(Buffer.from([0, 0, 64, 0, 0, 192]), { bits: 24 })).pcm).toEqual(samples(16_384, -16_384));
  });

  it('is told from what servers send instead', () => {
    const refused = (start: string | number[]) => () => readWav(Buffer.concat([Buffer.from(start as string), Buffer.alloc(100)]));
    expect(refused('ID3')).toThrow('MP3 instead of WAV');
    expect(refused([0xff, 0xfb])).toThrow('MP3 instead of WAV');
    expect(refused('OggS')).toThrow('Ogg instead of WAV');
    expect(refused('<!doctype html>')).toThrow('a web page instead of WAV');
    expect(refused('{"error":')).toThrow('JSON instead of WAV');
    expect(() => readWav(Buffer.alloc(0))).toThrow('0 bytes instead of WAV');
  });

  it('is read or refused, never a crash', () => {
    const good = wav(samples(...Array.from({ length: 50 }, (_, i) => i)));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 8, max: good.length - 1 }), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
        fc.nat(good.length),
        (changes, length) => {
          const bent = Buffer.from(good);
          for (const [at, value] of changes) bent[at] = value;
          try {
            expect(readWav(bent.subarray(0, length)).pcm.length % 2).toBe(0);
          } catch (error) {
            expect(error).toBeInstanceOf(NotWav);
          }
        },
      ),
    );
  });
});
