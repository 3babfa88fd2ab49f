import { createHash } from 'node:crypto';

/**
 * Content addressing. An artefact's key is the sha256 of what goes into it and of nothing else: never its place in the film, the
 * time it starts, its chapter or its neighbours. The fields are kept beside the key, so that a scene can say why it was made again.
 */
export type Field = string | number | boolean | null | readonly Field[] | { readonly [name: string]: Field };
export type Fields = { readonly [name: string]: Field };

/** JSON with sorted names: equal values are equal bytes. */
export function canonical(value: Field): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} has no place in a key`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Field[]).map(canonical).join(',')}]`;
  const entries = Object.entries(value as Fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
}

/** 64 hex digits. */
export function keyOf(fields: Fields): string {
  return createHash('sha256').update(canonical(fields)).digest('hex');
}

/** A stable number in [0, 1) made of a text: the dice of everything that must not depend on position. */
export function dice(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6) / 2 ** 48;
}

export interface Change {
  readonly field: string;
  /** Missing when the field is new. */
  readonly was?: Field;
  /** Missing when the field is gone. */
  readonly now?: Field;
}

/** Which fields differ, by name. */
export function changesBetween(was: Fields, now: Fields): Change[] {
  return [...new Set([...Object.keys(was), ...Object.keys(now)])]
    .filter((field) => !(field in was && field in now) || canonical(was[field]) !== canonical(now[field]))
    .sort()
    .map((field) => ({
      field,
      ...(field in was ? { was: was[field] } : {}),
      ...(field in now ? { now: now[field] } : {}),
    }));
}

/** One scene of a film, as far as telling two films apart goes. */
export interface Part {
  readonly key: string;
  readonly fields: Fields;
  /** Chapter blocks in it, in order. */
  readonly blocks: readonly string[];
}

/** Why a scene of the new film is made: not at all, for the first time, or because of these fields. */
export type Reason =
  { readonly kind: 'reused' } | { readonly kind: 'new' } | { readonly kind: 'changed'; readonly changes: readonly Change[] };

/**
 * One reason for each scene of `after`. A scene that is not reused is compared with the scene of `before` that held the same
 * block and is not in the new film itself; several scenes of one block are compared in their order.
 */
export function reasonsFor(before: readonly Part[], after: readonly Part[]): Reason[] {
  const kept = new Set(before.map((part) => part.key));
  const still = new Set(after.map((part) => part.key));
  const left = before.filter((part) => !still.has(part.key));
  return after.map((part) => {
    if (kept.has(part.key)) return { kind: 'reused' };
    const at = left.findIndex((old) => old.blocks.some((block) => part.blocks.includes(block)));
    if (at < 0) return { kind: 'new' };
    const [old] = left.splice(at, 1);
    return { kind: 'changed', changes: changesBetween(old.fields, part.fields) };
  });
}
