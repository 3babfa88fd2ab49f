/**
 * Loads the picture kernel (blend.kernel.ts, compiled) over one piece of memory and hands its functions out by name.
 * The caller lays the memory out; `Arena` keeps the addresses aligned and the size known beforehand, as WebAssembly memory must not
 * grow while a frame is being written from it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

// The types of WebAssembly come with the DOM library, which a server does without.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
  Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
};

/** Addresses are byte offsets into `bytes`. Every function is described where it is written, in blend.kernel.ts. */
export interface Kernel {
  readonly bytes: Uint8Array;
  zoom(
    src: number,
    srcStride: number,
    srcWidth: number,
    srcHeight: number,
    dst: number,
    dstStride: number,
    dstWidth: number,
    dstHeight: number,
    x0: number,
    y0: number,
    step: number,
    scratch: number,
  ): number;
  blend(dst: number, dstStride: number, src: number, alpha: number, width: number, height: number): void;
  shade(dst: number, dstStride: number, width: number, height: number, keeps: number, level: number): void;
  planes(rgba: number, width: number, height: number, y: number, a: number, u: number, v: number, a2: number): void;
}

const PAGE = 65_536;
const ALIGN = 64;

/** Hands out addresses before the memory exists. */
export class Arena {
  #end = ALIGN;

  reserve(bytes: number): number {
    const at = this.#end;
    // The gap lets a 16-byte load that starts on the last pixel stay inside the memory.
    this.#end = Math.ceil((at + bytes + ALIGN) / ALIGN) * ALIGN;
    return at;
  }

  get pages(): number {
    return Math.ceil(this.#end / PAGE);
  }
}

/** The compiled kernel: its bytes, by whose hash films are keyed, and a way to start it. */
export class CompiledKernel {
  readonly sha256: string;
  readonly scratchBytes: number;
  readonly maxWidth: number;
  readonly #module: object;
  #spare: Kernel | undefined;

  constructor(wasm: Uint8Array) {
    this.sha256 = createHash('sha256').update(wasm).digest('hex');
    this.#module = new WebAssembly.Module(wasm);
    const { exports } = this.#instance(1);
    if (constant(exports, 'SIMD') !== 1)
      throw new Error('The picture kernel was built without SIMD: run node tools/launcher/build-kernel.mjs.');
    this.scratchBytes = constant(exports, 'SCRATCH_BYTES');
    this.maxWidth = constant(exports, 'MAX_WIDTH');
  }

  /** By default the kernel that the build put beside this file. */
  static load(path: string | URL = new URL('./blend.wasm', import.meta.url)): CompiledKernel {
    return new CompiledKernel(readFileSync(path));
  }

  over(arena: Arena): Kernel {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare && spare.bytes.length >= arena.pages * PAGE) return spare;
    const { exports, bytes } = this.#instance(arena.pages);
    return { ...(exports as unknown as Omit<Kernel, 'bytes'>), bytes };
  }

  /**
   * For the next `over`, with all that lies in it: to touch 32 MB for the first time takes longer than to draw ten frames, where a page
   * fault is dear, as in many virtual machines.
   */
  giveBack(kernel: Kernel): void {
    this.#spare = kernel;
  }

  #instance(pages: number): { exports: Record<string, unknown>; bytes: Uint8Array } {
    const memory = new WebAssembly.Memory({ initial: pages });
    const { exports } = new WebAssembly.Instance(this.#module, { env: { memory } });
    return { exports, bytes: new Uint8Array(memory.buffer) };
  }
}

function constant(exports: Record<string, unknown>, name: string): number {
  return Number((exports[name] as { value: number | boolean } | undefined)?.value);
}
