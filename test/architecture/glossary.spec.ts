/** docs/glossary.md is of use only while the files it names are there. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

interface Term {
  term: string;
  meaning: string;
  file: string;
}

function readGlossary(markdown: string): Term[] {
  return [...markdown.matchAll(/^\| (?!Term |-)([^|]+?) +\| ([^|]+?) +\| `([^`]+)` +\|$/gm)].map(([, term, meaning, file]) => ({
    term,
    meaning,
    file,
  }));
}

/** @returns one line for each term whose file is missing, whose meaning is no single sentence, or that comes twice. */
const faultsOf = (terms: Term[]): string[] =>
  terms.flatMap(({ term, meaning, file }, at) => [
    ...(existsSync(join(ROOT, file)) ? [] : [`${term}: there is no file ${file}`]),
    ...(/^[A-Z`][^]*\.$|…$/.test(meaning) ? [] : [`${term}: write one sentence`]),
    ...(terms.findIndex((other) => other.term === term) === at ? [] : [`${term}: stands here twice`]),
  ]);

it('names files that exist, in one sentence a term, for at most 40 terms', () => {
  const markdown = readFileSync(join(ROOT, 'docs/glossary.md'), 'utf8');
  const terms = readGlossary(markdown);
  expect(terms.length).toBeGreaterThan(20);
  expect(terms.length).toBeLessThanOrEqual(40);
  expect(terms.length).toBe(markdown.split('\n').filter((line) => line.startsWith('| ')).length - 2);
  expect(faultsOf(terms)).toEqual([]);
});

it('sees a missing file and a term that comes twice', () => {
  const terms = readGlossary(
    '| lamp | Gives light. | `src/lamp.ts` |\n| actor | Who asks. | `libs/kernel/actor.ts` |\n| actor | who | `libs/kernel/actor.ts` |\n',
  );
  expect(faultsOf(terms)).toEqual([
    'lamp: there is no file src/lamp.ts',
    'actor: write one sentence',
    'actor: stands here twice',
  ]);
});
