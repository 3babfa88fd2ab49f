import { Injectable } from '@nestjs/common';
import { type ChapterSummary, Chapters } from '../../chapters/index.js';
import { type LexiconEntry, revisedLexicon } from '../domain/lexicon.js';
import { LexiconRepository, Pictures, ScriptRepository, SettingsRepository, Voices } from '../domain/ports.js';
import { NothingToFilm, UnknownTheme, type Wish } from '../domain/rendition.js';
import { expectedSeconds } from '../domain/quota.js';
import { attached, BlockNotThere, PictureNotThere, RevisionNotThere, type ScriptChange } from '../domain/script.js';
import { THEMES } from '../domain/themes.js';

/** What was said about a film; the rest is as the work is set. */
export interface Asked {
  voice?: string;
  fallbackVoice?: string;
  theme?: string;
}

/** What might be otherwise when the film is asked for. */
export interface Supposed extends Asked {
  /** Instead of the published one. */
  revision?: number;
  /** sha256 of a picture of the work, as cover; null for none. */
  picture?: string | null;
  script?: readonly (ScriptChange & { block: string })[];
  /** Instead of the work's lexicon. */
  lexicon?: readonly LexiconEntry[];
}

/** Makes a request whole: everything that a film depends on is named in its wish, as it is at this moment. */
@Injectable()
export class Wishes {
  constructor(
    private readonly settings: SettingsRepository,
    private readonly scripts: ScriptRepository,
    private readonly lexicons: LexiconRepository,
    private readonly pictures: Pictures,
    private readonly chapters: Chapters,
    private readonly voices: Voices,
  ) {}

  /** In a unit of work. @throws NothingToFilm, UnknownTheme, and what a voice that cannot speak here throws */
  async of(chapterId: string, asked: Asked): Promise<Wish> {
    return (await this.suppose(chapterId, asked)).wish;
  }

  /** In a unit of work. @returns the entries of the supposed lexicon beside the wish, as it has no version yet. */
  async suppose(chapterId: string, supposed: Supposed): Promise<{ wish: Wish; lexicon?: readonly LexiconEntry[] }> {
    const { voice, fallbackVoice, theme, picture, revision } = supposed;
    const card = await this.chapters.summary(chapterId, 'held');
    if (!card || !(revision ?? card.revision)) throw new NothingToFilm();
    if (revision !== undefined && revision > card.head) throw new RevisionNotThere(card.head);
    const settings = await this.settings.get(card.workId);
    const look = theme ?? settings.theme;
    const fallback = fallbackVoice ?? settings.fallbackVoice;
    if (!THEMES[look]) throw new UnknownTheme(Object.keys(THEMES));
    const lexicon = await this.lexicons.newest(card.workId);
    const wish = {
      chapterId,
      workId: card.workId,
      authorId: card.authorId,
      revision: (revision ?? card.revision)!,
      title: await this.chapters.title(chapterId, (revision ?? card.revision)!),
      language: card.language,
      voice: this.voices.choose(card.language, voice ?? settings.voice ?? undefined),
      fallbackVoice: fallback === null ? null : this.voices.choose(card.language, fallback),
      theme: look,
      cover: picture === undefined ? await this.chapters.cover(chapterId) : await this.cover(card, picture),
      script: await this.script(card, (revision ?? card.revision)!, supposed.script ?? []),
      lexicon: lexicon.version,
      expectedSeconds: expectedSeconds(
        (await this.chapters.blocks(chapterId, (revision ?? card.revision)!)).map(({ text }) => text),
      ),
    };
    return { wish, lexicon: supposed.lexicon && (revisedLexicon(lexicon, supposed.lexicon) ?? lexicon).entries };
  }

  private async cover(card: ChapterSummary, picture: string | null): Promise<string | null> {
    if (picture === null) return null;
    const key = (await this.pictures.keys(card.workId, [picture])).get(picture);
    if (!key) throw new PictureNotThere();
    return key;
  }

  /** What the script says of this revision's blocks. An entry that waits for its block makes no other film. */
  private async script(card: ChapterSummary, revision: number, changes: Supposed['script'] & {}): Promise<Wish['script']> {
    const written = await this.scripts.get(card.id, card.workId);
    if (!changes.length && Object.keys(written.snapshot().blocks).length === 0) return {};
    const blocks = await this.chapters.blocks(card.id, revision);
    for (const { block, ...change } of changes) {
      if (!blocks.some(({ id }) => id === block)) throw new BlockNotThere();
      written.change(undefined, block, change);
    }
    const script = attached(written.snapshot().blocks, blocks);
    const named = Object.values(script).flatMap(({ picture }) => picture ?? []);
    if ((await this.pictures.keys(card.workId, named)).size < new Set(named).size) throw new PictureNotThere();
    for (const { voice } of Object.values(script)) if (voice) this.voices.choose(card.language, voice);
    return script;
  }
}
