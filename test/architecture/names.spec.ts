/** Names that were given up for the field's terms (docs/glossary.md) and must not come back, as identifiers or as file names. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Given up → what to write instead. */
const IDENTIFIERS: Record<string, string> = {
  AccountCard: 'AccountSummary',
  AdminDoor: 'AdminSession',
  AnswerRow: 'IdempotencyRecordRow',
  BELIEVED_MS: 'POINTER_TTL_MS',
  BoardDoor: 'BoardSession',
  ChapterCard: 'ChapterSummary',
  Ear: 'LiveBusListener',
  Errand: 'Job',
  Fate: 'BlockChange',
  Expected: 'IfMatchVersion',
  FollowingTheText: 'Reanchoring',
  KeepingAccounts: 'ManagingAccounts',
  KeepingWorks: 'ManagingWorks',
  LanesToSee: 'WorkerGroupQueues',
  MayBeMissing: 'OptionalNotNull',
  NothingSaid: 'EmptyComment',
  NothingToAnswer: 'ReplyToDeleted',
  Pointing: 'AnchorTarget',
  ReadyChapter: 'CachedChapter',
  RemarkRepository: 'CommentAnchorRepository',
  RemarkState: 'CommentAnchor',
  SignedIn: 'CurrentActor',
  StreamsAway: 'StreamsUnavailable',
  TicketsAway: 'TicketsUnavailable',
  TooMuchSaid: 'CommentTooLong',
  Wire: 'LiveBus',
  commonOrder: 'patienceDiff',
  greeting: 'subscribeAnswer',
  inStep: 'synced',
  laneOf: 'workerGroupQueue',
  madeAt: 'origin',
  noteTakenBack: 'recordRetraction',
  openLane: 'openWorkerGroup',
  refuseUnstorableText: 'rejectInvalidText',
  reprove: 'reauthorize',
  takeOnlyWhatIsDescribed: 'rejectUndocumentedInput',
  taken_back_at: 'retracted_at',
  tellOtherMethods: 'answer405',
  tellStarter: 'notifyStarter',
};

const FILES: Record<string, string> = {
  'exact.ts': 'patience-diff.ts',
  'following-the-text.ts': 'reanchoring.ts',
  'keeping-accounts.ts': 'managing-accounts.ts',
  'keeping-works.ts': 'managing-works.ts',
  'lanes.ts': 'worker-groups.ts',
  'pinning.ts': 'anchor-creation.ts',
  'remark.ts': 'comment-anchor.ts',
  'room.ts': 'stream-room.ts',
  'say.mjs': 'console.mjs',
  'turns.ts': 'fair-queueing.ts',
  'window.ts': 'coalescer.ts',
  'wire.ts': 'live-bus.ts',
};

/** @returns one line for every given-up name. */
function givenUpNames(path: string, source: string): string[] {
  const file = FILES[basename(path)];
  return [
    ...(file ? [`${path}: call the file ${file}`] : []),
    ...source.split('\n').flatMap((line, at) =>
      [...line.matchAll(/[A-Za-z_]\w*/g)].flatMap(([word]) =>
        // a DTO is a …Response
        Object.hasOwn(IDENTIFIERS, word)
          ? [`${path}:${at + 1}: write ${IDENTIFIERS[word]} for ${word}`]
          : /^export class \w+Answer\b/.test(line) && word.endsWith('Answer')
            ? [`${path}:${at + 1}: write ${word.replace(/Answer$/, 'Response')} for ${word}`]
            : [],
      ),
    ),
  ];
}

it('knows no name that was given up', () => {
  // the rendering module gets its names with its new layout
  const paths = ['libs', 'src', 'test', 'scripts', 'tools'].flatMap(filesIn).filter((path) => !path.startsWith('src/rendering/'));
  expect(paths.length).toBeGreaterThan(150);
  expect(paths.flatMap((path) => givenUpNames(path, readFileSync(join(ROOT, path), 'utf8')))).toEqual([]);
});

it('sees such a name as an identifier, in SQL and as a file name', () => {
  const source = [
    "import { Wire } from './live-bus.js';",
    'const sql = `SELECT taken_back_at FROM t`;',
    'export class WorkAnswer {}',
  ];
  expect(givenUpNames('libs/live/wire.ts', source.join('\n'))).toEqual([
    'libs/live/wire.ts: call the file live-bus.ts',
    'libs/live/wire.ts:1: write LiveBus for Wire',
    'libs/live/wire.ts:2: write retracted_at for taken_back_at',
    'libs/live/wire.ts:3: write WorkResponse for WorkAnswer',
  ]);
  expect(givenUpNames('libs/live/live-bus.ts', 'const wires = Wired;')).toEqual([]);
});

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ['broken', 'fixtures', '__snapshots__'].includes(entry.name) ? [] : filesIn(path);
    return /\.(ts|mjs|cjs)$/.test(entry.name) && path !== 'test/architecture/names.spec.ts' ? [path] : [];
  });
}
