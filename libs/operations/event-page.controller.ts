/**
 * One event or job as a page, at /admin/events/<id>: what it is, whose it is, who handled it and what went wrong. The job board
 * links its jobs here. The cookie of an admin is checked by the hook in board.ts.
 */
import { Controller, Get, Header, Param, ParseUUIDPipe } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { EventViews } from '#libs/events/event-views';
import type { NamedSubject } from '#libs/events/event-subjects.contract';
import type { EventResponse } from '#libs/events/events.contract';
import { Public } from '#libs/http/access';
import { escapeHtml, htmlPage } from '#libs/http/html';
import { RateLimit } from '#libs/http/rate-limit';
import { DomainError } from '#libs/kernel/domain-error';

class EventNotFound extends DomainError {
  readonly code = 'event-not-found';
  readonly kind = 'not-found';
  constructor() {
    super('There is no such event: it may have been deleted after its time.');
  }
}

@ApiExcludeController()
@Controller('admin/events')
export class EventPageController {
  constructor(private readonly events: EventViews) {}

  @Get(':id')
  @RateLimit('read')
  @Public()
  @Header('content-type', 'text/html; charset=utf-8')
  async page(@Param('id', ParseUUIDPipe) id: string): Promise<string> {
    const event = await this.events.event(id);
    if (!event) throw new EventNotFound();
    return htmlPage(event.type, describe(event));
  }
}

function describe({ id, kind, type, at, actor, cause, request, context, deliveries, data }: EventResponse): string {
  const rows: [string, string][] = [
    ['Author', link(context?.author)],
    ['Work', link(context?.work)],
    ['Chapter', link(context?.chapter)],
    ['When', escapeHtml(new Date(at).toISOString())],
    ['Caused by', cause ? `<a href="/admin/events/${cause}">the event before it</a>` : ''],
    ['Account that asked', escapeHtml(actor ?? '')],
    ['Request', escapeHtml(request ?? '')],
    ['Data', `<pre>${escapeHtml(JSON.stringify(data, null, 2))}</pre>`],
  ];
  const shown = rows.filter(([, html]) => html).map(([name, html]) => `<dt>${name}</dt><dd>${html}</dd>`);
  const handled = deliveries.map(
    ({ consumer, handledAt, failedAt, attempts, errors }) =>
      `<h2>${escapeHtml(consumer)}: ${failedAt ? 'failed' : handledAt ? 'handled' : 'open'}, ${attempts} attempts</h2>` +
      errors.map((error) => `<pre>${escapeHtml(`${String(error.at)} ${error.message}`)}</pre>`).join(''),
  );
  return (
    `<h1>${escapeHtml(type)}</h1><p>${kind === 'job' ? 'Job' : 'Event'} <code>${id}</code></p><dl>${shown.join('')}</dl>` +
    `${handled.join('')}<p><a href="/admin">Admin pages</a></p>`
  );
}

const link = (subject: NamedSubject | null | undefined): string =>
  subject ? `<a href="${escapeHtml(subject.href)}">${escapeHtml(subject.name)}</a>` : '';
