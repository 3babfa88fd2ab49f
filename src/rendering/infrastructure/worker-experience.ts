import { Injectable } from '@nestjs/common';
import { Transaction } from '#libs/database/transaction';
import { type Rates, USUAL_RATES } from '../domain/foresight.js';
import { Experience, type Tools } from '../domain/ports.js';
import type { FittedPicture } from '../domain/scene.js';

/** As many of the newest artefacts count. */
const RECENT = 60;

/** What workers have told about themselves, and what their work has cost. */
@Injectable()
export class WorkerExperience extends Experience {
  constructor(private readonly transaction: Transaction) {
    super();
  }

  async tell(tools: Tools): Promise<void> {
    await this.transaction.query(
      `INSERT INTO rendering.tools (studio, picture, fitting, sound, seen_at) VALUES ($1, $2, $3, $4, now())
       ON CONFLICT (studio) DO UPDATE SET seen_at = now()`,
      [tools.studio, tools.picture, tools.fitting, tools.sound],
    );
  }

  async tools(): Promise<Tools | undefined> {
    const [row] = await this.transaction.query<Tools>(
      `SELECT studio, picture, fitting, sound FROM rendering.tools ORDER BY seen_at DESC LIMIT 1`,
    );
    return row;
  }

  async noteFitted(key: string, { sha256, width, height }: FittedPicture): Promise<void> {
    await this.transaction.query(
      `INSERT INTO rendering.fitted (key, sha256, width, height) VALUES ($1, $2, $3, $4)
       ON CONFLICT (key) DO UPDATE SET sha256 = $2, width = $3, height = $4, fitted_at = now()`,
      [key, sha256, width, height],
    );
  }

  async fitted(keys: readonly string[]): Promise<Map<string, FittedPicture>> {
    const rows = await this.transaction.query<FittedPicture & { key: string }>(
      `SELECT key, sha256, width, height FROM rendering.fitted WHERE key = ANY($1)`,
      [keys],
    );
    return new Map(rows.map(({ key, ...picture }) => [key, picture]));
  }

  async rates(workId: string, voice: string, engine: string): Promise<Rates> {
    const [made] = await this.transaction.query<{ frame: number | null; sound: number | null; length: number | null }>(
      `WITH parts AS (
         SELECT p.sound_key, p.segment_key, p.frames, (p.scene->>'seconds')::float AS seconds
           FROM rendering.part p JOIN rendering.rendition r ON r.id = p.rendition
          WHERE r.work_id = $1 AND p.frames IS NOT NULL ORDER BY r.id DESC LIMIT 2000
       ), artefacts AS (
         SELECT kind, frames, (facts->>'cpu')::float AS cpu, row_number() OVER (PARTITION BY kind ORDER BY made_at DESC) AS n
           FROM rendering.artefact
          WHERE key IN (SELECT sound_key FROM parts UNION SELECT segment_key FROM parts) AND status = 'ready' AND facts ? 'cpu'
            AND (kind = 'segment' AND fields->>'engine' = $3 OR kind = 'sound' AND fields->>'voice' = $2)
       )
       SELECT (SELECT sum(cpu) / nullif(sum(frames), 0) FROM artefacts WHERE kind = 'segment' AND n <= ${RECENT}) AS frame,
              (SELECT 30 * sum(cpu) / nullif(sum(frames), 0) FROM artefacts WHERE kind = 'sound' AND n <= ${RECENT}) AS sound,
              (SELECT sum(frames) / nullif(30 * sum(seconds), 0) FROM parts) AS length`,
      [workId, voice, engine],
    );
    return {
      frame: made.frame ?? USUAL_RATES.frame,
      sound: made.sound ?? USUAL_RATES.sound,
      length: made.length ?? USUAL_RATES.length,
    };
  }
}
