import { ChangedMeanwhile, DomainError } from '#libs/kernel/domain-error';
import { plain, tokensOf } from './prose.js';

/** What the author wants otherwise with one block. A field that is missing leaves it as the prose has it. */
export interface BlockScript {
  /** Other words for the voice. */
  readonly say?: string;
  /** Other words for the screen. */
  readonly show?: string;
  readonly skip?: boolean;
  /** Seconds of silence after it. */
  readonly pause?: number;
  /** sha256 of a picture that was uploaded for the work: behind this block, instead of the cover. */
  readonly picture?: string;
  readonly voice?: string;
  /** Raised to have the voice speak anew what it has spoken already. */
  readonly take?: number;
}

/** Null takes a field away. */
export type ScriptChange = { readonly [Field in keyof BlockScript]?: BlockScript[Field] | null };
export type ScriptBlocks = Readonly<Record<string, BlockScript>>;

export interface ScriptState {
  chapterId: string;
  workId: string;
  /** Counts every change; the ETag that goes back as If-Match. 0: nothing was ever written. */
  version: number;
  blocks: ScriptBlocks;
}

export const LONGEST_PAUSE = 10;
const MOST_ENTRIES = 5_000;

/**
 * What a film does with a chapter beyond reading it out. It belongs to the chapter, not to a revision: an entry waits for its block
 * through all edits, and is detached while the block is gone. A film pins the entries it was asked with.
 */
export class Script {
  private constructor(private readonly state: ScriptState) {}

  static restore(state: ScriptState): Script {
    return new Script({ ...state, blocks: { ...state.blocks } });
  }

  /** Sets the given fields of a block's entry and keeps the others. */
  change(expected: number | undefined, block: string, change: ScriptChange): void {
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    this.write(expected, block, { ...this.state.blocks[block], ...Object.fromEntries(given) });
  }

  /** Sets the whole entry. */
  put(expected: number | undefined, block: string, entry: ScriptChange): void {
    this.write(expected, block, entry);
  }

  remove(expected: number | undefined, block: string): void {
    this.mustBe(expected);
    if (!this.has(block)) throw new NotInScript();
    this.write(expected, block, {});
  }

  has(block: string): boolean {
    return Object.hasOwn(this.state.blocks, block);
  }

  snapshot(): Readonly<ScriptState> {
    return { ...this.state, blocks: { ...this.state.blocks } };
  }

  private write(expected: number | undefined, block: string, entry: ScriptChange): void {
    this.mustBe(expected);
    const tidied = tidiedEntry(entry);
    const { [block]: _, ...others } = this.state.blocks;
    const blocks = Object.keys(tidied).length ? { ...others, [block]: tidied } : others;
    if (Object.keys(blocks).length > MOST_ENTRIES) throw new ScriptTooLong();
    this.state.blocks = blocks;
    this.state.version++;
  }

  private mustBe(expected: number | undefined): void {
    if (expected !== undefined && expected !== this.state.version) throw new ChangedMeanwhile(`"${this.state.version}"`);
  }
}

/** Equal wishes are equal bytes: what changes nothing is left out. */
function tidiedEntry({ say, show, skip, pause, picture, voice, take }: ScriptChange): BlockScript {
  const words = (field: 'say' | 'show', text: string | null | undefined): BlockScript => {
    if (text === null || text === undefined) return {};
    const clean = plain(text, 'code');
    if (tokensOf(clean, 'paragraph', 'en').length === 0) throw new NothingToSay(field);
    return { [field]: clean };
  };
  return {
    ...words('say', say),
    ...words('show', show),
    ...(skip && { skip }),
    ...(pause && { pause: Math.round(pause * 1_000) / 1_000 }),
    ...(picture && { picture }),
    ...(voice && { voice }),
    ...(take && { take }),
  };
}

/** The entries of blocks that are there, and those that wait for their block. */
export function attached(script: ScriptBlocks, blocks: readonly { readonly id: string }[]): ScriptBlocks {
  return Object.fromEntries(blocks.filter(({ id }) => Object.hasOwn(script, id)).map(({ id }) => [id, script[id]]));
}

export function detached(script: ScriptBlocks, blocks: readonly { readonly id: string }[]): ScriptBlocks {
  const there = new Set(blocks.map(({ id }) => id));
  return Object.fromEntries(Object.entries(script).filter(([id]) => !there.has(id)));
}

export class NotInScript extends DomainError {
  readonly code = 'not-in-script';
  readonly kind = 'not-found';
  constructor() {
    super('The script says nothing about this block: see GET /v1/chapters/{id}/script for those it does.');
  }
}
export class BlockNotThere extends DomainError {
  readonly code = 'block-not-there';
  readonly kind = 'not-found';
  constructor() {
    super("The chapter's newest revision has no block of this id: take one from GET /v1/chapters/{id}/draft.");
  }
}
export class RevisionNotThere extends DomainError {
  readonly code = 'revision-not-there';
  readonly kind = 'not-found';
  constructor(newest: number) {
    super(`The chapter has no revision of that number: its newest is ${newest}.`, { newest });
  }
}
export class NothingToSay extends DomainError {
  readonly code = 'nothing-to-say';
  readonly kind = 'invalid';
  constructor(field: 'say' | 'show') {
    super(`"${field}" needs at least one letter or digit. To leave the block out of the film, set "skip".`);
  }
}
export class PictureNotFound extends DomainError {
  readonly code = 'picture-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such picture in this work: its scripts name those that there are.');
  }
}
export class PictureInUse extends DomainError {
  readonly code = 'picture-in-use';
  readonly kind = 'conflict';
  constructor(chapters: readonly string[]) {
    super('The scripts of these chapters show this picture: give their blocks another one, or none, and delete it then.', {
      chapters,
    });
  }
}
export class PictureNotThere extends DomainError {
  readonly code = 'picture-not-there';
  readonly kind = 'invalid';
  constructor() {
    super(
      'There is no such picture in this work: upload it first with POST /v1/works/{id}/pictures and give the sha256 it answers.',
    );
  }
}
class ScriptTooLong extends DomainError {
  readonly code = 'script-too-long';
  readonly kind = 'invalid';
  constructor() {
    super(`A script holds at most ${MOST_ENTRIES} entries: remove those of blocks that are gone.`);
  }
}
