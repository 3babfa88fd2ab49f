import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml, htmlPage, PAGE_CSP } from '#libs/http/html';
import { BOARD_PATH } from '#libs/operations/board';

/** @param refusal why the last attempt was refused. */
export const signInPage = (refusal?: string): string =>
  htmlPage(
    'Admin',
    `<form method="post" action="/admin/session"><h1>Inkreel admin</h1>
<p>One sign-in for the job board, Swagger UI and these pages.</p>${refusal ? `<p class="refused" role="alert">${escapeHtml(refusal)}</p>` : ''}
<label>E-mail<input name="email" type="email" autocomplete="username" required autofocus></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form>`,
  );

export const HOME = htmlPage(
  'Admin',
  `<h1>Inkreel admin</h1><ul>
<li><a href="${BOARD_PATH}">Job board</a>: queues and jobs; each job links to whose it is</li>
<li><a href="/docs#/admin">Swagger UI</a>: accounts, events, replays; you are signed in there, too</li></ul>
<form method="post" action="/admin/session/end"><button>Sign out</button></form>`,
);

/** Below /admin, a browser gets refusals as pages; other clients get problem documents, as everywhere. */
@Injectable()
export class AdminPages implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onSend', (request, reply, payload, done) => {
      const route = request.routeOptions.url ?? '';
      const isPage = route === '/admin' || (route.startsWith('/admin/') && !route.startsWith(BOARD_PATH));
      if (!isPage || typeof payload !== 'string') return done(null, payload);
      const type = String(reply.getHeader('content-type'));
      const refused = type.startsWith('application/problem+json') && (request.headers.accept ?? '').includes('text/html');
      if (type.startsWith('text/html') || refused) asPage(reply);
      done(null, refused ? refusalPage(request, payload) : payload);
    });
  }
}

function asPage(reply: FastifyReply): void {
  void reply.headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': PAGE_CSP,
    'cache-control': 'no-store',
    'referrer-policy': 'same-origin', // under no-referrer a browser sends its own form with "Origin: null"
  });
}

function refusalPage(request: FastifyRequest, problem: string): string {
  const { title, detail } = JSON.parse(problem) as { title: string; detail: string };
  if (request.routeOptions.url === '/admin/session') return signInPage(detail);
  return htmlPage(title, `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(detail)}</p><p><a href="/admin">Admin pages</a></p>`);
}
