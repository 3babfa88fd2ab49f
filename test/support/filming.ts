/** Requests films, follows them, and reads their attempts and artefacts from the database, for tests that damage them. */
import { readdirSync, readFileSync } from 'node:fs';
import type { RenditionResponse, ScenesResponse } from '../../src/rendering/infrastructure/renditions.contract.js';
import { must, type Person } from './people.js';
import type { Stack } from './stack.js';
import { until } from './until.js';

export interface Attempt {
  key: string;
  kind: 'sound' | 'segment';
  epoch: number;
  worker: string;
  frames: number;
  outcome: 'made' | 'lost' | 'given back' | 'unwanted' | 'failed' | 'crashed' | null;
  why: string | null;
  began_at: Date;
  ended_at: Date | null;
}

/** Renderers have a low priority: on a busy machine a film of four scenes takes minutes. */
const PATIENCE_MS = 150_000;

export const askFor = async (author: Person, chapterId: string): Promise<RenditionResponse> => {
  const asked = await author.api.post<RenditionResponse>(`/v1/chapters/${chapterId}/renditions`, {});
  if (asked.status !== 200) must(201, asked);
  return asked.body;
};

export const filmOf = async (author: Person, id: string): Promise<RenditionResponse> =>
  must(200, await author.api.get<RenditionResponse>(`/v1/renditions/${id}`));

/** @param stack if given, the error for an unfinished film includes what happened to its jobs. */
export async function finished(author: Person, id: string, ms = PATIENCE_MS, stack?: Stack): Promise<RenditionResponse> {
  const met = () =>
    stack?.sql(
      `SELECT e.type, e.data, d.queue, d.epoch, d.relayed_at, d.attempts, d.errors FROM events.delivery d JOIN events.event e ON e.id = d.event
        WHERE e.about @> ARRAY[$1] AND d.handled_at IS NULL`,
      [id],
    );
  return until(
    async () => {
      const film = await filmOf(author, id);
      return ['ready', 'failed'].includes(film.state) && film;
    },
    ms,
    'the film is finished',
  ).catch(async (error: Error) => {
    throw new Error(`${JSON.stringify([await filmOf(author, id), await met()], null, 1)}\n${error.message}`);
  });
}

export async function ready(author: Person, id: string, ms = PATIENCE_MS, stack?: Stack): Promise<RenditionResponse> {
  const film = await finished(author, id, ms, stack);
  expect(film).toMatchObject({ state: 'ready', failure: null });
  return film;
}

export const scenesOf = async (author: Person, id: string): Promise<ScenesResponse['items']> =>
  must(200, await author.api.get<ScenesResponse>(`/v1/renditions/${id}/scenes`)).items;

/** Of the artefacts of this film, in the order of their beginning. */
export const attemptsOf = (stack: Stack, film: string): Promise<Attempt[]> =>
  stack.sql<Attempt>(
    `SELECT t.*, a.kind FROM rendering.attempt t JOIN rendering.artefact a ON a.key = t.key
      WHERE t.key IN (SELECT sound_key FROM rendering.part WHERE rendition = $1
                      UNION SELECT segment_key FROM rendering.part WHERE rendition = $1) ORDER BY t.began_at`,
    [film],
  );

/** The number of events about a finished film: one. */
export const readyFacts = async (stack: Stack, film: string): Promise<number> =>
  (await stack.sql(`SELECT FROM events.event WHERE type = 'RenditionReady' AND subject_id = $1`, [film])).length;

/** Living processes below this one, by what their command line holds. */
export function below(pid: number, command = ''): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [state, parent] = readFileSync(`/proc/${name}/stat`, 'latin1')
          .replace(/^.*\) /s, '')
          .split(' ');
        const said = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ');
        return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), said }];
      } catch {
        return []; // it ended while we looked
      }
    });
  const found = new Set([pid]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const one of all) if (found.has(one.parent)) found.add(one.pid);
  }
  return all.filter((one) => one.pid !== pid && found.has(one.pid) && one.said.includes(command)).map((one) => one.pid);
}

export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
