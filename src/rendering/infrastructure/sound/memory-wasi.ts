/**
 * The thirteen system calls that a WASI command such as flite makes, over files that live in memory: nothing touches the disk,
 * nothing is left behind, the clock stands still. `node:wasi` is still experimental and needs real folders.
 * https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 */
// The types of WebAssembly come with the DOM library, which a server does without.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Instance: new (
    module: Module,
    imports: object,
  ) => { readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; _start(): void } };
};
declare const compiled: unique symbol;
interface Module {
  readonly [compiled]: true;
}

const OK = 0;
const BAD_FD = 8;
const NOT_FOUND = 44;
const ROOT_FD = 3;
const FIRST_FILE = 4;

class Exited extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

class MemoryFile {
  bytes = new Uint8Array(0);
  length = 0;

  write(at: number, chunk: Uint8Array): void {
    const end = at + chunk.length;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.bytes.length * 2, 65_536));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(chunk, at);
    this.length = Math.max(this.length, end);
  }

  get content(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What a command finds around it. */
interface Run {
  readonly argv: readonly Uint8Array[];
  readonly disk: Map<string, MemoryFile>;
  readonly open: Map<number, { file: MemoryFile; at: number }>;
  nextFd: number;
}

/** A WASI command. Every run has an instance of its own, so that nothing is left of the run before. */
export class Command {
  readonly #module: Module;
  readonly #ready: ((run: Run) => number)[] = [];

  constructor(bytes: Uint8Array) {
    this.#module = new WebAssembly.Module(bytes);
  }

  /** Makes what the next runs need ahead of them: with 20 MB of voices in it, that takes a third of a sentence's time. */
  prepare(runs: number): void {
    while (this.#ready.length < runs) this.#ready.push(instanceOf(this.#module));
  }

  /** Runs it once. `files` are its inputs, by name in `/`. */
  run(args: readonly string[], files: Record<string, string> = {}): Ran {
    const encoder = new TextEncoder();
    const disk = new Map<string, MemoryFile>();
    for (const [name, text] of Object.entries(files)) {
      const file = new MemoryFile();
      file.write(0, encoder.encode(text));
      disk.set(name, file);
    }
    const console = new MemoryFile();
    const open: Run['open'] = new Map([
      [1, { file: console, at: 0 }],
      [2, { file: new MemoryFile(), at: 0 }],
    ]);
    const start = this.#ready.pop() ?? instanceOf(this.#module);
    const code = start({ argv: args.map((arg) => encoder.encode(`${arg}\0`)), disk, open, nextFd: FIRST_FILE });
    const written = new Map([...disk].map(([name, file]) => [name, file.content]));
    return { code, stdout: new TextDecoder().decode(console.content), files: written };
  }
}

/** @returns starts it, once, and tells its exit code */
function instanceOf(module: Module): (run: Run) => number {
  let run: Run;
  const view = () => new DataView(instance.exports.memory.buffer);
  const bytes = (from: number, length: number) => new Uint8Array(instance.exports.memory.buffer, from, length);
  const vectors = function* (list: number, count: number) {
    for (let i = 0; i < count; i++) yield bytes(view().getUint32(list + i * 8, true), view().getUint32(list + i * 8 + 4, true));
  };

  const calls = {
    args_sizes_get(count: number, size: number) {
      view().setUint32(count, run.argv.length, true);
      view().setUint32(
        size,
        run.argv.reduce((sum, arg) => sum + arg.length, 0),
        true,
      );
      return OK;
    },
    args_get(pointers: number, buffer: number) {
      run.argv.forEach((arg, i) => {
        view().setUint32(pointers + i * 4, buffer, true);
        bytes(buffer, arg.length).set(arg);
        buffer += arg.length;
      });
      return OK;
    },
    clock_time_get(_clock: number, _precision: bigint, result: number) {
      view().setBigUint64(result, 0n, true);
      return OK;
    },
    fd_prestat_get(fd: number, result: number) {
      if (fd !== ROOT_FD) return BAD_FD;
      view().setUint32(result, 0, true); // a folder
      view().setUint32(result + 4, 1, true); // of one letter: /
      return OK;
    },
    fd_prestat_dir_name(_fd: number, name: number) {
      bytes(name, 1)[0] = 0x2f;
      return OK;
    },
    fd_fdstat_get(fd: number, result: number) {
      bytes(result, 24).fill(0);
      view().setUint8(result, fd === ROOT_FD ? 3 : fd < ROOT_FD ? 2 : 4); // folder, terminal, file
      view().setBigUint64(result + 8, ~0n & 0xffff_ffff_ffff_ffffn, true); // may do all
      view().setBigUint64(result + 16, ~0n & 0xffff_ffff_ffff_ffffn, true);
      return OK;
    },
    fd_fdstat_set_flags: () => OK,
    path_open(
      _dir: number,
      _look: number,
      path: number,
      length: number,
      flags: number,
      _b: bigint,
      _i: bigint,
      _f: number,
      result: number,
    ) {
      const name = new TextDecoder().decode(bytes(path, length)).replace(/^\/+/, '');
      let file = run.disk.get(name);
      const creates = (flags & 1) !== 0;
      const truncates = (flags & 8) !== 0;
      if (!file && !creates) return NOT_FOUND;
      if (!file || truncates) run.disk.set(name, (file = new MemoryFile()));
      run.open.set(run.nextFd, { file, at: 0 });
      view().setUint32(result, run.nextFd++, true);
      return OK;
    },
    fd_close: (fd: number) => (run.open.delete(fd) ? OK : BAD_FD),
    fd_read(fd: number, list: number, count: number, result: number) {
      const handle = run.open.get(fd);
      if (!handle) return fd === 0 ? (view().setUint32(result, 0, true), OK) : BAD_FD;
      let read = 0;
      for (const target of vectors(list, count)) {
        const part = handle.file.content.subarray(handle.at, handle.at + target.length);
        target.set(part);
        handle.at += part.length;
        read += part.length;
      }
      view().setUint32(result, read, true);
      return OK;
    },
    fd_write(fd: number, list: number, count: number, result: number) {
      const handle = run.open.get(fd);
      if (!handle) return BAD_FD;
      let written = 0;
      for (const part of vectors(list, count)) {
        handle.file.write(handle.at, part);
        handle.at += part.length;
        written += part.length;
      }
      view().setUint32(result, written, true);
      return OK;
    },
    fd_seek(fd: number, offset: bigint, whence: number, result: number) {
      const handle = run.open.get(fd);
      if (!handle || fd < ROOT_FD) return BAD_FD;
      handle.at = Number(offset) + [0, handle.at, handle.file.length][whence];
      view().setBigUint64(result, BigInt(handle.at), true);
      return OK;
    },
    proc_exit(code: number) {
      throw new Exited(code);
    },
  };

  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: calls });
  return (its) => {
    run = its;
    try {
      instance.exports._start();
      return 0;
    } catch (error) {
      if (error instanceof Exited) return error.code;
      throw error;
    }
  };
}
