import type { Reason } from './keys.js';

/** What a change of each field of a sound or a segment means to whoever wrote the chapter. */
const MEANS: Readonly<Record<string, string>> = {
  say: 'other words are said',
  stops: 'sentences end elsewhere',
  take: 'a new take was asked for',
  pause: 'the silence after it is another',
  voice: 'somebody else speaks',
  language: 'it is read in another language',
  chain: 'sound is mastered by another version of the tools',
  text: 'other words are shown',
  times: 'words come at other times',
  frames: 'it lasts longer or shorter',
  picture: 'another picture is behind it',
  motion: 'the picture moves another way',
  theme: 'it has another look',
  engine: 'it is made by another version of the tools',
  version: 'it is made by another version of the tools',
};

/** Why a scene's sound or picture is made, or is not, in a sentence. */
export function inWords(reason: Reason, isThere: boolean): string {
  const changes =
    reason.kind === 'changed' ? [...new Set(reason.changes.map(({ field }) => MEANS[field] ?? `${field} changed`))] : [];
  if (reason.kind === 'reused') return 'Taken over from the film before.';
  if (isThere)
    return changes.length
      ? `Made for another film already and taken from there. Against the film before, ${listed(changes)}.`
      : 'Made for another film already and taken from there.';
  if (reason.kind === 'new') return 'Made for the first time: the film before has nothing of this block, or there is none.';
  return `Made anew: ${listed(changes)}.`;
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`;
}
