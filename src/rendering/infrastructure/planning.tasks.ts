/** Planning as CPU work that runs in the worker pool. A file of its own, because a thread loads it: no framework, no database. */
import { defineTask } from '#libs/worker-pool/task';
import { NothingToNarrate } from '../domain/plan.js';
import { type PlannedFilm, plannedFilm, type PlanRequest } from '../domain/planned-film.js';

export const planFilm = (request: PlanRequest): PlannedFilm => plannedFilm(request);
export const filmPlanning = defineTask({
  file: import.meta.url,
  name: 'planFilm',
  run: planFilm,
  size: ({ blocks, lexicon }) =>
    blocks.reduce((sum, { text }) => sum + text.length + 50, 0) +
    lexicon.reduce((sum, { written, spoken }) => sum + written.length + spoken.length, 0),
  refusals: [NothingToNarrate],
});
