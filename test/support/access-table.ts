/**
 * Who gets what from each route, in one table. A column is a person, in this order:
 *
 *     visitor reader author · owner editor moderator beta-reader (of the work) · site-moderator admin · suspended app bare-app
 *
 * `author` writes elsewhere. The members of the work are readers of the site, but for its owner. `app` acts for the owner
 * with every scope, `bare-app` for the owner with none.
 *
 * A sign is the answer: `.` allowed (whatever the request then does), `1` unauthenticated (401), `3` forbidden (403), `4` as
 * if it did not exist (404). The first text is about a work and chapter that are not published, the second about published
 * ones; one text stands for both.
 */
export const PEOPLE = [
  ...['visitor', 'reader', 'author', 'owner', 'editor', 'moderator', 'betaReader'],
  ...['siteModerator', 'admin', 'suspended', 'app', 'bareApp'],
] as const;

/** Ids of what a request is about. */
export interface Things {
  work: string;
  chapter: string;
  block: string;
  rendition: string;
  invitation: string;
  account: string;
  /** A new comment of somebody else. */
  comment: () => Promise<string>;
  stranger: string;
}

export interface AccessRow {
  /** Values of the path's parameters. */
  path?: (things: Things) => Record<string, string> | Promise<Record<string, string>>;
  body?: object | string | Buffer;
  headers?: Record<string, string>;
  hidden: string;
  shown: string;
}

const OPEN = '... .... .. 1..';
const ADMINS = '133 3333 3. 133';
const SIGNED_IN = '1.. .... .. 1.3';
/** A version that does not exist, so that an allowed request changes nothing. */
const STALE = { 'if-match': '"999"' };
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

const of = (things: 'work' | 'chapter' | 'rendition' | 'invitation') => (all: Things) => ({ id: all[things] });
const row = (hidden: string, shown = hidden, more: Partial<AccessRow> = {}): AccessRow => ({ hidden, shown, ...more });
const writesWork = (more: Partial<AccessRow>) => row('144 ..33 44 1.3', '133 ..33 33 1.3', { path: of('work'), ...more });
const writesChapter = (more: Partial<AccessRow>) => row('144 ..43 44 1.3', '133 ..33 33 1.3', { path: of('chapter'), ...more });
const owns = (more: Partial<AccessRow>) => row('144 .333 44 1.3', '133 .333 33 1.3', { path: of('work'), ...more });
const readsHistory = (path: AccessRow['path']) => row('144 ..44 44 1.3', undefined, { path });
const inspectsFilms = (path: AccessRow['path']) => row('144 ..44 4. 1.3', undefined, { path });
const readsFilm = row('444 ..44 4. 1.4', OPEN, { path: of('rendition') });
const published = (path: AccessRow['path']) => row('444 4444 44 144', OPEN, { path });
const admin = (path?: AccessRow['path'], body?: object) => row(ADMINS, undefined, { path, body });

export const EXPECTED: Record<string, AccessRow> = {
  'POST /v1/accounts': row(OPEN, undefined, { body: { email: 'x@example.org', name: 'X', password: 'short', role: 'reader' } }),
  'POST /v1/sessions': row(OPEN, undefined, { body: { email: 'nobody@example.org', password: 'a wrong one' } }),
  'POST /v1/sessions/refresh': row(OPEN, undefined, { body: { refreshToken: 'none' } }),
  'POST /v1/sessions/sign-out': row(OPEN, undefined, { body: { refreshToken: 'none' } }),
  'GET /v1/me': row(SIGNED_IN),
  'DELETE /v1/me': row(SIGNED_IN, undefined, { body: { password: 'a wrong one' } }),
  'GET /v1/me/sessions': row(SIGNED_IN),
  'DELETE /v1/me/sessions/:id': row(SIGNED_IN, undefined, { path: ({ stranger: id }) => ({ id }) }),
  'GET /v1/me/invitations': row(SIGNED_IN),
  'PUT /v1/accounts/:id/role': admin(({ stranger: id }) => ({ id }), { role: 'reader' }),
  'GET /v1/admin/accounts': admin(),
  'GET /v1/admin/accounts/:id': admin(({ account: id }) => ({ id })),
  'DELETE /v1/admin/accounts/:id': admin(({ stranger: id }) => ({ id }), { reason: 'Its owner asked by letter.' }),
  'GET /v1/admin/accounts/:id/sessions': admin(({ account: id }) => ({ id })),
  'PUT /v1/admin/accounts/:id/suspension': admin(({ stranger: id }) => ({ id }), { reason: 'Spam.' }),
  'DELETE /v1/admin/accounts/:id/suspension': admin(({ stranger: id }) => ({ id })),
  'GET /v1/admin/chores': admin(),
  'GET /v1/admin/events': admin(),
  'POST /v1/admin/events/:id/deliveries/:consumer/replay': admin(({ stranger: id }) => ({ id, consumer: 'comments' })),
  'GET /.well-known/jwks.json': row(OPEN),

  'GET /v1/works': row(OPEN),
  'POST /v1/works': row('13. .333 .. 1.3', undefined, { body: { title: 'A Work', language: 'en' } }),
  'GET /v1/works/:id': row('444 .... 44 1.4', OPEN, { path: of('work') }),
  'PATCH /v1/works/:id': writesWork({ body: { title: 'Mine' }, headers: STALE }),
  'DELETE /v1/works/:id': owns({ headers: STALE }),
  'POST /v1/works/:id/restore': owns({}),
  'GET /v1/bin': row(SIGNED_IN),
  'DELETE /v1/bin/works/:id': owns({}),
  'DELETE /v1/bin/chapters/:id': row('144 .343 44 1.3', '133 .333 33 1.3', { path: of('chapter') }),
  // a reason that is refused, so that the next rows are about something that is not taken down
  'POST /v1/admin/works/:id/take-down': admin(of('work'), { reason: '' }),
  'DELETE /v1/admin/works/:id/take-down': admin(of('work')),
  'POST /v1/admin/chapters/:id/take-down': admin(of('chapter'), { reason: '' }),
  'DELETE /v1/admin/chapters/:id/take-down': admin(of('chapter')),
  'GET /v1/works/:id/cover': row('444 .... 44 1.4', OPEN, { path: of('work') }),
  'PUT /v1/works/:id/cover': writesWork({ body: PNG, headers: { ...STALE, 'content-type': 'image/png' } }),
  'DELETE /v1/works/:id/cover': writesWork({ headers: STALE }),
  'GET /v1/works/:id/chapters': row('444 .... 44 1.4', OPEN, { path: of('work') }),
  'POST /v1/works/:id/chapters': writesWork({ body: { title: 'II.' } }),
  'POST /v1/works/:id/imports': writesWork({ body: '# I\n\nOne.', headers: { 'content-type': 'text/markdown' } }),

  'GET /v1/works/:id/members': row('144 .... 44 1.3', undefined, { path: of('work') }),
  'PUT /v1/works/:id/members/:account': owns({
    path: ({ work: id, stranger: account }) => ({ id, account }),
    body: { role: 'editor' },
  }),
  'DELETE /v1/works/:id/members/:account': owns({ path: ({ work: id, stranger: account }) => ({ id, account }) }),
  'PUT /v1/works/:id/owner': owns({ body: { accountId: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f001' } }),
  'POST /v1/works/:id/invitations': owns({ body: { role: 'editor' } }),
  'GET /v1/works/:id/invitations': owns({}),
  'POST /v1/invitations/:id/accept': row('144 4444 44 143', undefined, { path: of('invitation'), body: {} }),
  'POST /v1/invitations/:id/decline': row('144 4444 44 143', undefined, { path: of('invitation'), body: {} }),
  'DELETE /v1/invitations/:id': row('144 .444 44 1.3', undefined, { path: of('invitation') }),

  'GET /v1/chapters/:id': published(of('chapter')),
  'DELETE /v1/chapters/:id': writesChapter({ headers: STALE }),
  'POST /v1/chapters/:id/restore': writesChapter({}),
  'GET /v1/chapters/:id/draft': row('144 ..4. 44 1.3', undefined, { path: of('chapter') }),
  'PUT /v1/chapters/:id/draft': writesChapter({ body: { markdown: 'Mine.' }, headers: STALE }),
  'PUT /v1/chapters/:id/position': writesChapter({ body: { after: null }, headers: STALE }),
  'POST /v1/chapters/:id/publication': writesChapter({ body: {}, headers: STALE }),
  'DELETE /v1/chapters/:id/publication': writesChapter({ headers: STALE }),
  'GET /v1/chapters/:id/revisions': readsHistory(of('chapter')),
  'GET /v1/chapters/:id/revisions/:number': readsHistory(({ chapter: id }) => ({ id, number: '1' })),
  'GET /v1/chapters/:id/revisions/:number/markdown': readsHistory(({ chapter: id }) => ({ id, number: '1' })),

  'POST /v1/chapters/:id/comments': row('144 4444 44 143', SIGNED_IN, { path: of('chapter'), body: { body: 'Which?' } }),
  'GET /v1/chapters/:id/comments': published(of('chapter')),
  'GET /v1/chapters/:id/comment-counts': published(of('chapter')),
  'GET /v1/comments/:id': published(async ({ comment }) => ({ id: await comment() })),
  'GET /v1/comments/:id/replies': published(async ({ comment }) => ({ id: await comment() })),
  'POST /v1/comments/:id/replies': row('144 4444 44 143', SIGNED_IN, {
    path: async ({ comment }) => ({ id: await comment() }),
    body: { body: 'This.' },
  }),
  'DELETE /v1/comments/:id': row('144 .4.4 .. 1.3', '133 .3.3 .. 1.3', {
    path: async ({ comment }) => ({ id: await comment() }),
  }),

  'POST /v1/admin/comments/:id/take-down': admin(async ({ comment }) => ({ id: await comment() }), { reason: 'Threats.' }),
  'DELETE /v1/admin/comments/:id/take-down': admin(async ({ comment }) => ({ id: await comment() })),

  // without a reason nothing is taken down
  'POST /v1/admin/renditions/:id/take-down': admin(of('rendition'), { reason: ' ' }),
  'DELETE /v1/admin/renditions/:id/take-down': admin(of('rendition')),

  'GET /v1/voices': row(OPEN),
  'POST /v1/chapters/:id/renditions': writesChapter({ body: {} }),
  'POST /v1/chapters/:id/renditions/dry-run': writesChapter({ body: {} }),
  'GET /v1/chapters/:id/renditions': row('444 ..44 4. 1.4', OPEN, { path: of('chapter') }),
  'GET /v1/works/:id/renditions': row('444 .... 4. 1.4', OPEN, { path: of('work') }),
  'GET /v1/renditions/:id': readsFilm,
  'DELETE /v1/renditions/:id': row('144 ..44 43 1.3', '133 ..33 33 1.3', { path: of('rendition') }),
  'GET /v1/renditions/:id/scenes': inspectsFilms(of('rendition')),
  'GET /v1/renditions/:id/attempts': admin(of('rendition')),
  'GET /v1/renditions/:id/film.mp4': readsFilm,
  'GET /v1/renditions/:id/link': readsFilm,
  'GET /v1/renditions/:id/poster.jpg': readsFilm,
  'GET /v1/renditions/:id/captions.vtt': readsFilm,
  'GET /v1/renditions/:id/captions.srt': readsFilm,
  'GET /v1/renditions/:id/cues.json': readsFilm,
  'GET /v1/works/:id/rendering': row('144 ..44 44 1.3', undefined, { path: of('work') }),
  'PUT /v1/works/:id/rendering': writesWork({ body: { onPublish: false }, headers: STALE }),
  'GET /v1/chapters/:id/script': inspectsFilms(of('chapter')),
  'PUT /v1/chapters/:id/script/:block': writesChapter({
    path: ({ chapter: id, block }) => ({ id, block }),
    body: { skip: true },
    headers: STALE,
  }),
  'PATCH /v1/chapters/:id/script/:block': writesChapter({
    path: ({ chapter: id, block }) => ({ id, block }),
    body: { skip: true },
    headers: STALE,
  }),
  'DELETE /v1/chapters/:id/script/:block': writesChapter({ path: ({ chapter: id, block }) => ({ id, block }), headers: STALE }),
  'GET /v1/works/:id/lexicon': inspectsFilms(of('work')),
  'GET /v1/works/:id/lexicon/:version': inspectsFilms(({ work: id }) => ({ id, version: '1' })),
  'PUT /v1/works/:id/lexicon': writesWork({ body: { entries: [] }, headers: STALE }),
  'POST /v1/works/:id/pictures': writesWork({ body: PNG, headers: { 'content-type': 'image/png' } }),
  'DELETE /v1/works/:id/pictures/:sha256': writesWork({ path: ({ work: id }) => ({ id, sha256: 'a'.repeat(64) }) }),
  'GET /v1/works/:id/pictures/:sha256': inspectsFilms(({ work: id }) => ({ id, sha256: 'a'.repeat(64) })),

  'POST /v1/live/tickets': row(SIGNED_IN),
  // an open stream has no end to wait for: what is heard on it is tested in live-access.e2e-spec.ts
  'GET /v1/live/:stream/events': row('444 4444 44 144', '', { path: ({ chapter }) => ({ stream: `chapter:${chapter}` }) }),
  'GET /v1/live/:stream/history': published(({ chapter }) => ({ stream: `chapter:${chapter}` })),

  'GET /livez': row(OPEN),
  'GET /readyz': row(OPEN),
  'GET /': row(OPEN),
  'GET /landing.css': row(OPEN),
  'GET /landing.js': row(OPEN),
  // files by signed link, which is checked itself (libs/storage)
  'GET /v1/objects/*': row(OPEN),
  // the admin pages have a cookie instead of a token (operations-board.e2e-spec.ts)
  'GET /admin': row(OPEN),
  'POST /admin/session': row(OPEN, undefined, { body: { email: 'nobody@example.org', password: 'a wrong one' } }),
  'POST /admin/session/end': row(OPEN),
  'POST /admin/session/token': row(OPEN),
  // the cookie of an admin counts, and no token
  'GET /admin/events/:id': row('111 1111 11 111', undefined, { path: ({ stranger: id }) => ({ id }) }),
};
