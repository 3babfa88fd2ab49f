import { Injectable } from '@nestjs/common';
import type { Actor } from '#libs/kernel/actor';
import { Clock } from '#libs/kernel/clock';
import { ChangedMeanwhile } from '#libs/kernel/domain-error';
import { UnitOfWork } from '#libs/kernel/unit-of-work';
import { ChapterNotFound, Chapters, WorkStorage } from '../../chapters/index.js';
import { authorize } from './authorize.js';
import { type LexiconEntry, revisedLexicon } from '../domain/lexicon.js';
import { LexiconRepository, Pictures, ScriptRepository, Voices } from '../domain/ports.js';
import {
  BlockNotThere,
  PictureInUse,
  PictureNotFound,
  PictureNotThere,
  type Script,
  type ScriptChange,
} from '../domain/script.js';

/** What an author wants otherwise than the prose has it: block by block, and how words sound. Films asked for later are made so. */
@Injectable()
export class Scripting {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly scripts: ScriptRepository,
    private readonly lexicons: LexiconRepository,
    private readonly pictures: Pictures,
    private readonly chapters: Chapters,
    private readonly storage: WorkStorage,
    private readonly voices: Voices,
    private readonly clock: Clock,
  ) {}

  /** Sets a block's whole entry. */
  put(by: Actor, chapterId: string, block: string, expected: number | undefined, entry: ScriptChange): Promise<void> {
    return this.write(by, chapterId, block, entry, (script) => script.put(expected, block, entry));
  }

  /** Sets the given fields of a block's entry; null takes one away. */
  change(by: Actor, chapterId: string, block: string, expected: number | undefined, change: ScriptChange): Promise<void> {
    return this.write(by, chapterId, block, change, (script) => script.change(expected, block, change));
  }

  /** Leaves a block as the prose has it; also how a detached entry is thrown away. */
  remove(by: Actor, chapterId: string, block: string, expected: number | undefined): Promise<void> {
    return this.write(by, chapterId, block, {}, (script) => script.remove(expected, block));
  }

  /** Takes the place of the whole lexicon. The same list again is the same version. */
  pronounce(by: Actor, workId: string, expected: number | undefined, entries: readonly LexiconEntry[]): Promise<void> {
    return this.unitOfWork.run(async () => {
      await authorize(this.chapters, by, 'film:make', 'work:film', workId);
      const newest = await this.lexicons.newest(workId);
      if (expected !== undefined && expected !== newest.version) throw new ChangedMeanwhile(`"${newest.version}"`);
      const next = revisedLexicon(newest, entries);
      if (next) await this.lexicons.add(next, this.clock.now());
    });
  }

  /** Stores a picture for the blocks of a work. @returns the sha256 that a script names it by. */
  async addPicture(by: Actor, workId: string, upload: Buffer): Promise<string> {
    await authorize(this.chapters, by, 'film:make', 'work:film', workId);
    let name = '';
    await this.storage.storeImage(workId, 'picture', upload, (image) =>
      this.unitOfWork.run(async () => {
        name = image.sha256;
        await this.pictures.add(workId, { sha256: name, objectKey: image.key, at: this.clock.now() });
        await this.storage.hold(workId, 'picture', image);
      }),
    );
    return name;
  }

  /** Films that show it stay as they are. @throws PictureNotFound; PictureInUse while the script of a chapter shows it */
  removePicture(by: Actor, workId: string, sha256: string): Promise<void> {
    return this.unitOfWork.run(async () => {
      await authorize(this.chapters, by, 'film:make', 'work:film', workId);
      const chapters = await this.pictures.chaptersWith(workId, sha256);
      if (chapters.length) throw new PictureInUse(chapters);
      if (!(await this.pictures.remove(workId, sha256))) throw new PictureNotFound();
      await this.storage.release(workId, 'picture', sha256);
    });
  }

  private write(
    by: Actor,
    chapterId: string,
    block: string,
    { voice, picture }: ScriptChange,
    change: (script: Script) => void,
  ): Promise<void> {
    return this.unitOfWork.run(async () => {
      const card = await this.chapters.summary(chapterId, 'held');
      await authorize(this.chapters, by, 'film:make', 'chapter:film', chapterId);
      if (!card) throw new ChapterNotFound();
      const script = await this.scripts.get(chapterId, card.workId);
      if (!script.has(block)) {
        const blocks = await this.chapters.blocks(chapterId, card.head);
        if (!blocks.some(({ id }) => id === block)) throw new BlockNotThere();
      }
      if (voice) this.voices.choose(card.language, voice); // refused now, not in the worker
      if (picture && !(await this.pictures.keys(card.workId, [picture])).has(picture)) throw new PictureNotThere();
      change(script);
      await this.scripts.save(script);
    });
  }
}
