/**
 * `npm run test:render-faults [-- --seeds 10] [--stages encode,upload]`: kills, freezes, empties and restarts
 * everything that films are made with, at every stage, on servers of its own. With 10 seeds it takes an hour or more, so `npm test` runs a short form only.
 */
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '10' }, stages: { type: 'string' } } });
if (!/^[1-9]\d{0,3}$/.test(values.seeds)) {
  console.error(`--seeds ${values.seeds}: give a whole number from 1.`);
  process.exit(1);
}
process.env.RENDER_FAULT_SEEDS = values.seeds;
if (values.stages) process.env.RENDER_FAULT_STAGES = values.stages;
process.argv = [...process.argv.slice(0, 2), '--selectProjects', 'faults'];
await import('./test.mjs');
