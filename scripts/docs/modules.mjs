/** The module graph as Mermaid: the modules of MAY_USE in .dependency-cruiser.cjs, and the imports that there really are. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const MODULE = /^src\/([^/]+)\//;

export async function moduleGraph(root) {
  const { options } = createRequire(import.meta.url)(path.join(root, '.dependency-cruiser.cjs'));
  const { output } = await cruise(
    ['src'],
    {
      ...options,
      baseDir: root,
      doNotFollow: { path: 'node_modules|^libs' },
      exclude: { path: '\\.kernel\\.ts$|\\.spec\\.ts$' },
    },
    undefined,
    { tsConfig: extractTSConfig(path.join(root, 'tsconfig.json')) },
  );
  const edges = new Set();
  for (const { source, dependencies } of output.modules) {
    const from = MODULE.exec(source)?.[1];
    for (const { resolved } of dependencies) {
      const to = MODULE.exec(resolved)?.[1];
      if (from && to && from !== to) edges.add(`  ${from} --> ${to}`);
    }
  }
  if (!edges.size) throw new Error('No import between modules was found: correct scripts/docs/modules.mjs.');
  return ['```mermaid', 'flowchart TD', ...[...edges].sort(), '```'].join('\n');
}
