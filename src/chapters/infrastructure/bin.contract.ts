export class BinItem {
  /** @example chapter */
  kind!: 'work' | 'chapter';
  id!: string;
  /** The work of the chapter; of a work its own id. */
  workId!: string;
  /** @example I. The Third Window */
  title!: string;
  /** @example 2026-11-30T09:05:00.000Z */
  deletedAt!: Date;
  /**
   * It can be restored until then.
   * @example 2026-12-30T09:05:00.000Z
   */
  erasedAfter!: Date;
}

export class BinPage {
  items!: BinItem[];
  /** @example null */
  next!: string | null;
}
