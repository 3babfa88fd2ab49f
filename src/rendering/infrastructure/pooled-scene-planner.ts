import { Injectable } from '@nestjs/common';
import { WorkerPool } from '#libs/worker-pool/worker-pool';
import { type PlannedFilm, type PlanRequest, ScenePlanner } from '../domain/planned-film.js';
import { filmPlanning } from './planning.tasks.js';

@Injectable()
export class PooledScenePlanner extends ScenePlanner {
  constructor(private readonly pool: WorkerPool) {
    super();
  }

  plan(request: PlanRequest): Promise<PlannedFilm> {
    return this.pool.run(filmPlanning, request);
  }
}
