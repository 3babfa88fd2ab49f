/**
 * Compiles the picture kernel: `node tools/launcher/build-kernel.mjs <outdir>` writes
 * <outdir>/src/rendering/infrastructure/picture/blend.wasm and refuses a build that came out scalar.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const SOURCE = 'src/rendering/infrastructure/picture/blend.kernel.ts';
const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const outdir = process.argv[2];
if (!outdir) {
  console.error('Say where to build: node tools/launcher/build-kernel.mjs <outdir>');
  process.exit(1);
}

let wasm;
const { error, stderr } = await asc.main(
  [
    SOURCE,
    '--baseDir',
    root,
    '--outFile',
    'blend.wasm',
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--importMemory',
    '--enable',
    'simd',
  ],
  { writeFile: (name, contents) => void (name.endsWith('.wasm') && (wasm = contents)) },
);
if (error || !wasm) {
  console.error(`The picture kernel did not compile: ${error?.message ?? 'no output'}\n${stderr}`);
  process.exit(1);
}

const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {
  env: { memory: new WebAssembly.Memory({ initial: 1 }) },
});
if (exports.SIMD?.value !== 1) {
  console.error('The picture kernel was built without SIMD: is --enable simd still given to asc?');
  process.exit(1);
}

// Renamed into place, as another process may be loading the old one.
const target = path.join(path.resolve(root, outdir), path.dirname(SOURCE), 'blend.wasm');
await mkdir(path.dirname(target), { recursive: true });
await writeFile(`${target}.${process.pid}`, wasm);
await rename(`${target}.${process.pid}`, target);
