export class BinItem {
  /** @example chapter */
  kind!: 'work' | 'chapter';
  /** @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f003 */
  id!: string;
  /**
   * The work of the chapter; of a work its own id.
   * @example 0197f0f6-3a51-7b3e-8b62-0a4be0d3f002
   */
  workId!: string;
  /** @example "I. The Third Window" */
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
  /** @example WyIyMDI2LTExLTMwVDA5OjA1OjAwLjAwMDAwMFoiLCIwMTk3ZjBmNi0zYTUxLTdiM2UtOGI2Mi0wYTRiZTBkM2YwMDIiXQ */
  next!: string | null;
}
