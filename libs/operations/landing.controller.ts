/**
 * `GET /`: people get a small page that says what this is and where things are, clients get the same links as JSON. The
 * page's script asks the public API for works and a finished film, so the page shows only what any visitor may see.
 */
import { Controller, Get, Header, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '#libs/http/access';
import { RateLimit } from '#libs/http/rate-limit';

const LINKS = {
  works: '/v1/works',
  documentation: '/docs',
  openapi: '/openapi.json',
  live: '/live',
  jobs: '/admin/queues',
  health: '/readyz',
};

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

@ApiExcludeController()
@Controller()
export class LandingController {
  @Get()
  @Public()
  @RateLimit('read')
  landing(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    void reply.header('vary', 'accept').header('cache-control', 'public, max-age=300');
    if (!request.headers.accept?.includes('text/html')) {
      void reply.send({ name: 'Inkreel', description: 'The self-hosted backend for serial fiction.', links: LINKS });
      return;
    }
    void reply.header('content-security-policy', CONTENT_SECURITY_POLICY).type('text/html; charset=utf-8').send(PAGE);
  }

  @Get('landing.css')
  @Public()
  @RateLimit('read')
  @Header('content-type', 'text/css; charset=utf-8')
  @Header('cache-control', 'public, max-age=300')
  style(): string {
    return STYLE;
  }

  @Get('landing.js')
  @Public()
  @RateLimit('read')
  @Header('content-type', 'text/javascript; charset=utf-8')
  @Header('cache-control', 'public, max-age=300')
  script(): string {
    return SCRIPT;
  }
}

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Inkreel</title><link rel="icon" href="data:,"><link rel="stylesheet" href="landing.css"><script type="module" src="landing.js"></script></head>
<body><main>
<h1>Inkreel</h1>
<p>The self-hosted backend for serial fiction. Writers publish chapters, readers comment on them paragraph by paragraph
while they read, and each chapter becomes a narrated, captioned, vertical video.</p>
<p>You are looking at an API. A reading site, a script or an app talks to it; this page only shows you around.</p>
<nav><ul>
<li><a href="docs">Swagger UI</a>: every route, to try out (<a href="openapi.json">OpenAPI document</a>)</li>
<li><a href="v1/works">Works</a>: what is published here, as JSON</li>
<li><a href="admin/queues">Jobs</a>: the dashboard of background jobs, for admins</li>
<li><a href="readyz">Health</a>: whether the database and Redis answer</li>
</ul></nav>
<section id="works" hidden><h2>Published here</h2><ul></ul></section>
<section id="film" hidden><h2>A chapter as a film</h2><p></p><video controls playsinline preload="metadata"></video></section>
</main></body></html>
`;

const STYLE = `:root{color-scheme:light dark;font:17px/1.55 Georgia,serif}
body{margin:0}main{max-width:38rem;margin:3rem auto;padding:0 1.25rem}
h1{font-size:2.6rem;margin:0 0 .5rem}h2{font-size:1.2rem;margin-top:2.2rem}
a{color:#b4532a}@media (prefers-color-scheme:dark){a{color:#f0a070}}
ul{padding-left:1.2rem}video{width:18rem;max-width:100%;border-radius:.6rem;background:#000;aspect-ratio:9/16}
`;

/** Relative addresses: behind a proxy the page may stand under a path. */
const SCRIPT = `const json = async (path) => (await fetch(path)).json();

async function showWorks(works) {
  const section = document.querySelector('#works');
  for (const work of works) {
    const link = Object.assign(document.createElement('a'), { href: 'v1/works/' + work.id + '/chapters', textContent: work.title });
    const item = document.createElement('li');
    item.append(link, ' by ' + (work.author?.name ?? 'somebody') + ', ' + work.chapters + (work.chapters === 1 ? ' chapter' : ' chapters'));
    section.querySelector('ul').append(item);
  }
  section.hidden = works.length === 0;
}

async function showFilm(works) {
  for (const work of works)
    for (const chapter of (await json('v1/works/' + work.id + '/chapters?limit=5')).items) {
      const film = (await json('v1/chapters/' + chapter.id + '/renditions?limit=1')).items?.[0];
      if (film?.state !== 'ready') continue;
      const section = document.querySelector('#film');
      section.querySelector('p').textContent = chapter.title + ', from ' + work.title;
      const video = section.querySelector('video');
      video.src = film.film.files.film;
      video.poster = film.film.files.poster;
      section.hidden = false;
      return;
    }
}

const { items } = await json('v1/works?limit=6');
await showWorks(items);
await showFilm(items);
`;
