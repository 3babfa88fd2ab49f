import { Injectable } from '@nestjs/common';
import { Chapters } from '../../chapters/index.js';
import type { LexiconEntry } from '../domain/lexicon.js';
import { type PlannedFilm, ScenePlanner } from '../domain/planned-film.js';
import { LexiconRepository, Pictures, Voices } from '../domain/ports.js';
import type { Wish } from '../domain/rendition.js';

/** What a film is made of before anything is heard or seen of it. */
export interface WholePlan extends PlannedFilm {
  /** Object keys of the pictures that blocks have of their own, by the sha256 that the script names them by. */
  readonly pictures: ReadonlyMap<string, string>;
}

/** Cuts what a film was asked of into scenes: for the worker who makes it, and for an author who asks what it would cost. */
@Injectable()
export class Planner {
  constructor(
    private readonly chapters: Chapters,
    private readonly lexicons: LexiconRepository,
    private readonly pictures: Pictures,
    private readonly voices: Voices,
    private readonly scenes: ScenePlanner,
  ) {}

  /**
   * @param chain fingerprint of what comes after the voice
   * @param lexicon instead of the version that the wish names
   * @throws NothingToNarrate
   */
  async plan(wish: Readonly<Wish>, chain: string, lexicon?: readonly LexiconEntry[]): Promise<WholePlan> {
    const { language, script, workId } = wish;
    const blocks = await this.chapters.blocks(wish.chapterId, wish.revision);
    const words = lexicon ?? (await this.lexicons.version(workId, wish.lexicon))?.entries ?? [];
    const speakers = new Set([wish.voice, ...Object.values(script).flatMap(({ voice, skip }) => (voice && !skip ? voice : []))]);
    const identities = Object.fromEntries([...speakers].map((id) => [id, this.voices.identity(id, language)]));
    const { scenes, sounds } = await this.scenes.plan({
      blocks,
      language,
      script,
      lexicon: words,
      voice: wish.voice,
      identities,
      chain,
    });
    const wanted = [...new Set(scenes.flatMap(({ spans }) => spans.flatMap(({ picture }) => picture ?? [])))];
    return { scenes, sounds, pictures: await this.pictures.keys(workId, wanted) };
  }
}
