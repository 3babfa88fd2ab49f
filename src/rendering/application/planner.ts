import { Injectable } from '@nestjs/common';
import { Chapters } from '../../chapters/index.js';
import { soundFields } from '../domain/artefacts.js';
import { type Fields, keyOf } from '../domain/keys.js';
import type { LexiconEntry } from '../domain/lexicon.js';
import { planOf, type PlannedScene, speakerOf } from '../domain/plan.js';
import { LexiconRepository, Pictures, Voices } from '../domain/ports.js';
import type { Wish } from '../domain/rendition.js';

/** What a film is made of before anything is heard or seen of it. */
export interface WholePlan {
  readonly scenes: readonly PlannedScene[];
  /** The sound of each scene, in order. */
  readonly sounds: readonly { key: string; fields: Fields }[];
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
  ) {}

  /**
   * @param chain fingerprint of what comes after the voice
   * @param lexicon instead of the version that the wish names
   * @throws NothingToNarrate
   */
  async plan(wish: Readonly<Wish>, chain: string, lexicon?: readonly LexiconEntry[]): Promise<WholePlan> {
    const { language, script, workId } = wish;
    const blocks = await this.chapters.blocks(wish.chapterId, wish.revision);
    const words = lexicon ?? (await this.lexicons.version(workId, wish.lexicon))?.entries;
    const { scenes } = planOf(blocks, language, { script, lexicon: words });
    const sounds = scenes.map((scene) => {
      const fields = soundFields(scene, this.voices.identity(speakerOf(scene, wish.voice), language), language, chain);
      return { key: keyOf(fields), fields };
    });
    const wanted = [...new Set(scenes.flatMap(({ spans }) => spans.flatMap(({ picture }) => picture ?? [])))];
    return { scenes, sounds, pictures: await this.pictures.keys(workId, wanted) };
  }
}
