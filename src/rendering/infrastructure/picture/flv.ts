/**
 * Reads coded frames as they leave the encoder. FLV (Adobe's specification 10.1, annex E) is the smallest container that carries what is
 * needed through a pipe: length-prefixed NAL units, the decoder configuration and both timestamps. A frame is counted when it is here, so
 * progress is what was encoded, and a stream that stops early is noticed before any file exists.
 */
import { FRAME_RATE } from '../../domain/scene.js';

export interface CodedFrame {
  readonly data: Uint8Array;
  readonly key: boolean;
  /** Which picture it is, counted from an arbitrary one. */
  readonly picture: number;
}

const HEADER = 9 + 4;
const TAG = 11;
const VIDEO = 9;
const AVC = 7;
const [CONFIGURATION, UNITS] = [0, 1];

export class FlvReader {
  /** AVCDecoderConfigurationRecord: the `avcC` box's body. */
  configuration: Uint8Array | undefined;
  #pending: Buffer = Buffer.alloc(0);
  #started = false;

  constructor(private readonly onFrame: (frame: CodedFrame) => void) {}

  /** Takes the next bytes, cut anywhere. */
  push(bytes: Uint8Array): void {
    const all = this.#pending.length ? Buffer.concat([this.#pending, bytes]) : Buffer.from(bytes);
    let at = 0;
    if (!this.#started) {
      if (all.length < HEADER) {
        this.#pending = all;
        return;
      }
      if (all.toString('latin1', 0, 3) !== 'FLV') throw new Error('The encoder did not answer with FLV.');
      this.#started = true;
      at = HEADER;
    }
    // A tag: type, 24-bit size, 24-bit time with its high byte after it, stream; the body; its own length once more.
    while (at + TAG <= all.length) {
      const size = all.readUIntBE(at + 1, 3);
      const end = at + TAG + size + 4;
      if (end > all.length) break;
      if (all[at] === VIDEO)
        this.#video(all.subarray(at + TAG, at + TAG + size), all.readUIntBE(at + 4, 3) | ((all[at + 7] ?? 0) << 24));
      at = end;
    }
    this.#pending = all.subarray(at);
  }

  #video(body: Buffer, decodeTime: number): void {
    const [kind = 0, packet] = body;
    if ((kind & 15) !== AVC) throw new Error(`The encoder answered with codec ${kind & 15} instead of H.264.`);
    if (packet === CONFIGURATION) this.configuration = Uint8Array.from(body.subarray(5));
    if (packet !== UNITS) return;
    const milliseconds = decodeTime + body.readIntBE(2, 3);
    this.onFrame({
      data: Uint8Array.from(body.subarray(5)),
      key: kind >> 4 === 1,
      picture: Math.round((milliseconds * FRAME_RATE) / 1000),
    });
  }
}
