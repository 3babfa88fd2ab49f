import { Injectable } from '@nestjs/common';
import { type ChapterCard, Chapters } from '../../chapters/index.js';
import { LexiconRepository, ScriptRepository, SettingsRepository, Voices } from '../domain/ports.js';
import { NothingToFilm, UnknownTheme, type Wish } from '../domain/rendition.js';
import { expectedSeconds } from '../domain/quota.js';
import { attached } from '../domain/script.js';
import { THEMES } from '../domain/themes.js';

/** What was said about a film; the rest is as the work is set. */
export interface Asked {
  voice?: string;
  fallbackVoice?: string;
  theme?: string;
}

/** Makes a request whole: everything that a film depends on is named in its wish, as it is at this moment. */
@Injectable()
export class Wishes {
  constructor(
    private readonly settings: SettingsRepository,
    private readonly scripts: ScriptRepository,
    private readonly lexicons: LexiconRepository,
    private readonly chapters: Chapters,
    private readonly voices: Voices,
  ) {}

  /** In a unit of work. @throws NothingToFilm, UnknownTheme, and what a voice that cannot speak here throws */
  async of(chapterId: string, { voice, fallbackVoice, theme }: Asked): Promise<Wish> {
    const card = await this.chapters.card(chapterId);
    if (!card?.revision) throw new NothingToFilm();
    const settings = await this.settings.get(card.workId);
    const look = theme ?? settings.theme;
    const fallback = fallbackVoice ?? settings.fallbackVoice;
    if (!THEMES[look]) throw new UnknownTheme(Object.keys(THEMES));
    return {
      chapterId,
      workId: card.workId,
      authorId: card.authorId,
      revision: card.revision,
      title: card.title,
      language: card.language,
      voice: this.voices.choose(card.language, voice ?? settings.voice ?? undefined),
      fallbackVoice: fallback === null ? null : this.voices.choose(card.language, fallback),
      theme: look,
      cover: await this.chapters.cover(chapterId),
      script: await this.script(card, card.revision),
      lexicon: (await this.lexicons.newest(card.workId)).version,
      expectedSeconds: expectedSeconds((await this.chapters.blocks(chapterId, card.revision)).map(({ text }) => text)),
    };
  }

  /** What the script says of this revision's blocks. An entry that waits for its block makes no other film. */
  private async script(card: ChapterCard, revision: number): Promise<Wish['script']> {
    const { blocks } = (await this.scripts.get(card.id, card.workId)).snapshot();
    if (Object.keys(blocks).length === 0) return {};
    const script = attached(blocks, await this.chapters.blocks(card.id, revision));
    for (const { voice } of Object.values(script)) if (voice) this.voices.choose(card.language, voice);
    return script;
  }
}
