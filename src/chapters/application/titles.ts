/** What a work or chapter is called now, also while it is a draft. */
export interface Title {
  id: string;
  authorId: string;
  workId: string;
  workTitle: string;
  /** null when `id` is a work. */
  chapterTitle: string | null;
}

/**
 * Titles for admins, who see what failed and whose it is. Readers must not get them: a draft's title is among them.
 *
 * @example const [title] = await titles.find([chapterId]);
 */
export abstract class Titles {
  /** Those of the ids that are a work or a chapter, in one query. */
  abstract find(ids: readonly string[]): Promise<Title[]>;
}
