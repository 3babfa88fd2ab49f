/**
 * A worker in small: renders the jobs it is given with the built renderer and prints one JSON line for everything that happens.
 * `node render-jobs.mjs <dist> <options as JSON>`, options: `{ ffmpeg, pidFolder, processes, jobs, cancelAt? }`.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , dist, json] = process.argv;
const options = JSON.parse(json);
const picture = (name) => import(pathToFileURL(path.join(dist, 'src/rendering/infrastructure/picture', name)).href);
const { Renderer } = await picture('renderer.js');
const { describeEngine } = await picture('engine.js');
const { findEncoder } = await picture('encoder.js');

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const encoder = await findEncoder(options.ffmpeg);
const renderer = new Renderer({ ffmpeg: encoder.ffmpeg, processes: options.processes ?? 1, pidFolder: options.pidFolder });
say({ type: 'engine', fingerprint: describeEngine(encoder).fingerprint });

await Promise.all(
  options.jobs.map(async ({ kind, cancelAt, ...job }, i) => {
    const abort = new AbortController();
    const onFrames = (frames) => {
      say({ type: 'frames', job: i, frames, at: Date.now() });
      if (cancelAt && frames >= cancelAt) {
        say({ type: 'cancelling', job: i, at: Date.now() });
        abort.abort();
      }
    };
    try {
      const result = kind ? await renderer[kind](job, abort.signal) : await renderer.render(job, { onFrames }, abort.signal);
      say({ type: 'done', job: i, result });
    } catch (error) {
      say({ type: 'failed', job: i, kind: error.kind, mayRetry: error.mayRetry, message: error.message, at: Date.now() });
    }
  }),
);
await renderer.kill();
say({ type: 'end' });
