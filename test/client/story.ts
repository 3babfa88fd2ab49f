/**
 * What a program of somebody else looks like: it knows the API only by the types that openapi-typescript makes of the document, and casts
 * nothing. `test/e2e/openapi-client.e2e-spec.ts` makes `api.d.ts` beside a copy of this file, compiles it strictly and runs it.
 *
 *   node story.js http://127.0.0.1:3000
 */
import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

type Problem = components['schemas']['Problem'];

const baseUrl = process.argv[2];
const visitor = createClient<paths>({ baseUrl });

/** The body of an answer that has to be there for the story to go on. */
function needed<Body>({ data, error }: { data?: Body; error?: Problem }): Body {
  if (data === undefined) throw new Error(`${error?.status} ${error?.type}: ${error?.detail}`);
  return data;
}

// signs up and in
const credentials = { email: `story-${process.pid}-${Date.now()}@example.org`, password: 'a lantern left burning' };
const account = needed(await visitor.POST('/v1/accounts', { body: { ...credentials, name: 'Mira Lindqvist', role: 'author' } }));
const session = needed(await visitor.POST('/v1/sessions', { body: credentials }));
const author = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${session.accessToken}` } });

// creates a work and writes a chapter
const work = needed(
  await author.POST('/v1/works', {
    params: { header: { 'Idempotency-Key': `story-${account.id}` } },
    body: { title: 'The Lamplighter of Quay Street', language: 'en' },
  }),
);
const draft = needed(
  await author.POST('/v1/works/{id}/chapters', {
    params: { path: { id: work.id } },
    body: { title: 'I. The Third Window', markdown: 'The lamp had been lit since before the harbour froze.' },
  }),
);
const chapter = { id: draft.id };
const saved = needed(
  await author.PUT('/v1/chapters/{id}/draft', {
    params: { path: chapter, header: { 'If-Match': `"${draft.version}"` } },
    body: { blocks: [...draft.blocks, { kind: 'paragraph', text: 'Nobody remembered by whom.' }] },
  }),
);

// publishes it, and reads it as a visitor
const published = needed(
  await author.POST('/v1/chapters/{id}/publication', {
    params: { path: chapter, header: { 'If-Match': `"${saved.version}"` } },
    body: { revision: saved.revision },
  }),
);
const read = needed(await visitor.GET('/v1/chapters/{id}', { params: { path: chapter } }));
const [block] = read.blocks;
if (block === undefined) throw new Error('The chapter has no text.');

// comments on words of it, three times
for (const body of ['Who lit it?', 'And why?', 'And when?'])
  needed(
    await author.POST('/v1/chapters/{id}/comments', {
      params: { path: chapter },
      body: { body, block: block.id, quote: { exact: 'The lamp', start: 0 }, revision: published.revision },
    }),
  );

// pages through the comments, two at a time
const said: string[] = [];
let after: string | undefined;
do {
  const page = needed(await visitor.GET('/v1/chapters/{id}/comments', { params: { path: chapter, query: { limit: 2, after } } }));
  for (const { body, anchor } of page.items) said.push(`${body ?? 'deleted'} (${anchor?.status ?? 'the chapter'})`);
  after = page.next ?? undefined;
} while (after !== undefined);

// asks for a film
const film = needed(await author.POST('/v1/chapters/{id}/renditions', { params: { path: chapter }, body: { theme: 'ink' } }));
const percent = film.progress.framesPlanned === null ? 0 : (100 * film.progress.framesDone) / film.progress.framesPlanned;

// a refusal has a type to switch on
const { error: refusal } = await visitor.GET('/v1/chapters/{id}', { params: { path: { id: account.id } } });

console.log(
  JSON.stringify({
    title: read.title,
    blocks: read.blocks.length,
    said,
    film: film.state,
    percent,
    refusal: refusal?.type,
  }),
);
