/**
 * What stands in the paths, for the OpenAPI document: by the part of the path before it. A route with a parameter that is not in this
 * table describes it itself with `@ApiParam`, as the live streams do.
 */
const uuid = (description: string, example: string): object => ({
  description,
  schema: { type: 'string', format: 'uuid', examples: [example] },
});
const number = (description: string, example: number): object => ({
  description,
  schema: { type: 'integer', format: 'int32', minimum: 0, examples: [example] },
});
const text = (description: string, example: string, more: object = {}): object => ({
  description,
  schema: { type: 'string', examples: [example], ...more },
});

/** The ids of all examples: the same thing has the same id everywhere in the document. */
export const EXAMPLE_IDS = {
  account: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f001',
  work: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f002',
  chapter: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f003',
  block: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f004',
  comment: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f005',
  rendition: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f006',
  invitation: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f007',
  session: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f008',
  event: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f009',
} as const;

export const PATH_PARAMETERS: Readonly<Record<string, object>> = {
  'accounts/{id}': uuid('The account.', EXAMPLE_IDS.account),
  'members/{account}': uuid('The account of the member.', EXAMPLE_IDS.account),
  'sessions/{id}': uuid('The session.', EXAMPLE_IDS.session),
  'works/{id}': uuid('The work.', EXAMPLE_IDS.work),
  'invitations/{id}': uuid('The invitation.', EXAMPLE_IDS.invitation),
  'chapters/{id}': uuid('The chapter.', EXAMPLE_IDS.chapter),
  'revisions/{number}': number('Revisions of a chapter are numbered from 1.', 1),
  'comments/{id}': uuid('The comment.', EXAMPLE_IDS.comment),
  'renditions/{id}': uuid('The film.', EXAMPLE_IDS.rendition),
  'script/{block}': uuid('The block of the chapter.', EXAMPLE_IDS.block),
  'lexicon/{version}': number('The lexicon of a work starts at version 0 and each change adds 1.', 1),
  'pictures/{sha256}': text(
    'The picture, by the sha256 that its upload answered.',
    '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    {
      pattern: '^[0-9a-f]{64}$',
    },
  ),
  'events/{id}': uuid('The event or job.', EXAMPLE_IDS.event),
  'deliveries/{consumer}': text('The module or queue that it is delivered to.', 'comments'),
};

/** @param path as in the document, `/v1/works/{id}/cover`. */
export function describedParameter(path: string, name: string): object | undefined {
  const before = new RegExp(`([^/]+/\\{${name}\\})`).exec(path)?.[1];
  return before === undefined ? undefined : PATH_PARAMETERS[before];
}
