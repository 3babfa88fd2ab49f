/**
 * What the examples of the OpenAPI document speak of, made anew for each request. An example is sent as it stands, but for these
 * replacements: ids, e-mail addresses, tokens and picture hashes become those of things that exist; the ETag in If-Match becomes `*`.
 */
import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import { EXAMPLE_IDS } from '#libs/http/path-parameters';
import type { SessionResponse } from '../../src/auth/infrastructure/auth.contract.js';
import type { Api } from './api.js';
import { askFor, ready } from './filming.js';
import { must, type Person, signUp } from './people.js';
import { begunChapter, type Stack } from './stack.js';

const ANY_VERSION = { 'if-match': '*' };
const TEXT = 'The lamp had been lit since before the harbour froze.\n\nNobody remembered by whom.';
const EXAMPLE = {
  otherChapter: '0197f0f6-3a51-7b3e-8b62-0a4be0d3f00c',
  email: 'mira@example.org',
  refreshToken: /0197f0f6-3a51-7b3e-8b62-0a4be0d3f008\.2\.[\w-]+/g,
  invitationToken: 'k3V0bWxJd2pQZ0xhYzR5Q0ZzN2hUcXhRbU5lOWRSb1Y',
  picture: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
};

/** Where something has to be done before: the thing must be deleted, suspended or taken down already. */
const BEFORE: Record<string, (admin: Api, world: World) => Promise<unknown>> = {
  restoreWork: (admin, { ids }) => admin.delete(`/v1/works/${ids.work}`, ANY_VERSION),
  eraseWork: (admin, { ids }) => admin.delete(`/v1/works/${ids.work}`, ANY_VERSION),
  restoreChapter: (admin, { ids }) => admin.delete(`/v1/chapters/${ids.chapter}`, ANY_VERSION),
  eraseChapter: (admin, { ids }) => admin.delete(`/v1/chapters/${ids.chapter}`, ANY_VERSION),
  putBackWork: (admin, { ids }) => admin.post(`/v1/admin/works/${ids.work}/take-down`, { reason: 'A copy.' }),
  putBackChapter: (admin, { ids }) => admin.post(`/v1/admin/chapters/${ids.chapter}/take-down`, { reason: 'A copy.' }),
  putBackComment: (admin, { ids }) => admin.post(`/v1/admin/comments/${ids.comment}/take-down`, { reason: 'A copy.' }),
  putBackRendition: (admin, { ids }) => admin.post(`/v1/admin/renditions/${ids.rendition}/take-down`, { reason: 'A copy.' }),
  publishChapter: (admin, { ids }) => admin.delete(`/v1/chapters/${ids.chapter}/publication`, ANY_VERSION),
  removeScriptEntry: (admin, { ids }) =>
    admin.put(`/v1/chapters/${ids.chapter}/script/${ids.block}`, { say: 'Lamp.' }, ANY_VERSION),
  restoreAccount: (admin, { ids }) => admin.put(`/v1/admin/accounts/${ids.account}/suspension`, { reason: 'Spam.' }),
};

export interface World {
  ids: Record<keyof typeof EXAMPLE_IDS, string>;
  /** Who sends it: an admin who owns the work, or whom it is about. */
  sender: Person;
  picture: Buffer;
  /** The text of an example with the ids of this world. */
  real(text: string): string;
}

export class ExampleWorlds {
  private constructor(
    private readonly stack: Stack,
    private readonly admin: Person,
    /** Invited, and a member of no work. */
    private readonly guest: Person,
    private readonly film: string,
    private readonly picture: Buffer,
  ) {}

  /** Makes the film that all worlds share: a worker needs seconds for one. */
  static async create(stack: Stack): Promise<ExampleWorlds> {
    const admin = await signUp(stack, { role: 'admin', name: 'Mira Lindqvist' });
    const guest = await signUp(stack, { role: 'author', name: 'Ola' });
    const { chapterId } = await begunChapter(admin, { markdown: TEXT, publish: true });
    const { id: film } = await ready(admin, (await askFor(admin, chapterId)).id, undefined, stack);
    const picture = await sharp({ create: { width: 400, height: 600, channels: 3, background: '#5b2a6e' } })
      .png()
      .toBuffer();
    return new ExampleWorlds(stack, admin, guest, film, picture);
  }

  async for(operationId: string): Promise<World> {
    const { api } = this.admin;
    const member = await signUp(this.stack, { role: 'author' });
    const work = await begunChapter(this.admin, { markdown: TEXT, publish: true });
    const { workId, chapterId } = work;
    const other = must(201, await api.post(`/v1/works/${workId}/chapters`, { title: 'II.', markdown: 'Snow.' }));
    const joining = must(201, await api.post(`/v1/works/${workId}/invitations`, { role: 'editor' }));
    must(200, await member.api.post(`/v1/invitations/${joining.id}/accept`, { token: joining.token }));
    const invitation = must(201, await api.post(`/v1/works/${workId}/invitations`, { role: 'editor', email: this.guest.email }));
    const block = work.blocks[0].id;
    const comment = must(201, await api.post(`/v1/chapters/${chapterId}/comments`, { body: 'Hm.', block }));
    const entries = [{ written: 'Siobhán', spoken: 'Shivawn' }];
    must(200, await api.put(`/v1/works/${workId}/lexicon`, { entries }, ANY_VERSION));
    const sha256 = /Cover|Picture|Script|dryRun/.test(operationId) ? await this.pictures(workId) : EXAMPLE.picture;
    const second = must(201, await api.post<SessionResponse>('/v1/sessions', { email: member.email, password: member.password }));
    const sender = /Invitation$/.test(operationId) && /^(accept|decline)/.test(operationId) ? this.guest : this.admin;
    const ids = {
      account: member.id,
      work: workId,
      chapter: chapterId,
      block,
      comment: comment.id,
      rendition: /^(cancel|takeDown|putBack)Rendition$/.test(operationId) ? (await askFor(this.admin, chapterId)).id : this.film,
      invitation: invitation.id,
      session: second.refreshToken.split('.')[0],
      event: operationId === 'replayDelivery' ? await this.publication(chapterId) : randomUUID(),
    };
    const world: World = {
      ids,
      sender: /^(endOwnSession|eraseCurrentAccount)$/.test(operationId) ? member : sender,
      picture: this.picture,
      real: (text) => {
        const replacements: [string | RegExp, string][] = [
          [EXAMPLE.refreshToken, second.refreshToken],
          [EXAMPLE.invitationToken, String(invitation.token)],
          [EXAMPLE.picture, sha256],
          [EXAMPLE.otherChapter, other.id],
          // an address signs up once, and every other operation is about somebody who has
          [EXAMPLE.email, operationId === 'createAccount' ? `${randomUUID()}@example.org` : member.email],
          ...Object.entries(EXAMPLE_IDS).map(([name, id]): [string, string] => [id, ids[name as keyof typeof ids]]),
        ];
        return replacements.reduce((done, [from, to]) => done.replaceAll(from, to), text);
      },
    };
    await BEFORE[operationId]?.(api, world);
    return world;
  }

  /** A cover and a picture: only where they are asked for, as each is encoded anew in a process of its own. */
  private async pictures(workId: string): Promise<string> {
    const png = { 'content-type': 'image/png' };
    must(200, await this.admin.api.put(`/v1/works/${workId}/cover`, this.picture, { ...ANY_VERSION, ...png }));
    return must(201, await this.admin.api.post<{ sha256: string }>(`/v1/works/${workId}/pictures`, this.picture, png)).sha256;
  }

  private async publication(chapterId: string): Promise<string> {
    const found = must(200, await this.admin.api.get(`/v1/admin/events?about=${chapterId}&type=ChapterPublished`));
    return found.items[0].id;
  }
}
