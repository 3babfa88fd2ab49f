/** The OpenAPI document, made from the code, served at /openapi.json and shown at /docs. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { DEFAULT_BODY_LIMIT } from './body-limit.js';

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457: `detail` says what to do, `type` is stable and made for machines.',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', example: 'urn:inkreel:problem:chapter-not-found' },
    title: { type: 'string', example: 'Chapter not found' },
    status: { type: 'integer', example: 404 },
    detail: { type: 'string', example: 'There is no such chapter, or it is not published.' },
    instance: { type: 'string', example: '/v1/chapters/0197f0f6-0000-7000-8000-000000000000' },
    request: { type: 'string', description: 'Quote it when you report a problem.' },
    errors: { type: 'array', items: { type: 'object', properties: { pointer: { type: 'string' }, detail: { type: 'string' } } } },
  },
} as const;

const PROBLEM_CONTENT = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

const TOO_MANY_REQUESTS = {
  description:
    'A rate limit is reached. `x-rate-limit` of the operation names its class. All answers carry both RateLimit headers.',
  headers: {
    'RateLimit-Policy': {
      description: 'Each budget that counts this request: `q` requests in `w` seconds.',
      schema: { type: 'string', example: '"write";q=60;w=60' },
    },
    RateLimit: {
      description: 'What is left of each: `r` requests, and `t` seconds until the window ends.',
      schema: { type: 'string', example: '"write";r=0;t=30' },
    },
    'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', example: 30 } },
  },
  content: PROBLEM_CONTENT,
};

interface Operation {
  responses?: Record<string, object>;
  requestBody?: object;
  /** Bytes (body-limit.ts). */
  'x-body-limit'?: number;
}

export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setTitle('Inkreel')
      .setDescription(
        'Serial fiction from chapter to screen: publish chapters, discuss them paragraph by paragraph, and turn each into a narrated, captioned vertical video.\n\n' +
          'Sign in at `POST /v1/sessions` and send the access token as `Authorization: Bearer …`. Errors are RFC 9457 problems. ' +
          'Pages are keyset pages (`next`, `Link`). Changes take `If-Match`; creations take `Idempotency-Key`. Live events: `/live` (WebSocket) and SSE.',
      )
      .setVersion('1')
      .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
      // relative: Swagger UI then asks the host it was opened on, be it localhost, 127.0.0.1 or an address of the network
      .addServer('/')
      .addTag('auth', 'Accounts, sessions and what an account may do.')
      .addTag('works', 'Works and who works on them.')
      .addTag('chapters', 'Chapters: drafts, revisions and publishing.')
      .addTag('comments', 'Comments on chapters, paragraphs and words.')
      .addTag('films', 'Films of chapters, and what a film is told.')
      .addTag('live', 'Live events: history, SSE and tickets for the WebSocket.')
      .addTag('admin', 'For admins: accounts, events and jobs.')
      .build(),
    // verb and noun, unique over all controllers: clients are generated with these names
    { operationIdFactory: (_controller, method) => method },
  );
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM as never },
    responses: { ...document.components?.responses, TooManyRequests: TOO_MANY_REQUESTS as never },
  };
  for (const path of Object.values(document.paths))
    for (const operation of Object.values(path as Record<string, Operation>)) {
      if (operation.requestBody) operation['x-body-limit'] ??= DEFAULT_BODY_LIMIT;
      if (operation.responses) {
        operation.responses['429'] = { $ref: '#/components/responses/TooManyRequests' };
        operation.responses.default = { description: 'Refused: a problem document.', content: PROBLEM_CONTENT };
      }
    }
  return document;
}

/** Swagger UI, under a CSP that lets in its own scripts and nothing else. */
export function serveDocs(app: NestFastifyApplication, fastify: FastifyInstance, document: OpenAPIObject): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.url === '/docs' || request.url.startsWith('/docs/'))
      void reply.header(
        'content-security-policy',
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
    done();
  });
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Inkreel API',
    swaggerOptions: {
      // in memory only: a token in the browser's storage would outlive the tab
      persistAuthorization: false,
      displayRequestDuration: true,
      defaultModelsExpandDepth: 0,
      docExpansion: 'list',
      requestInterceptor: withAdminSession,
    },
  });
}

interface SwaggerRequest {
  url: string;
  headers: Record<string, string>;
}

/**
 * Runs in the browser, as text: it must not use anything from outside itself. An admin who signed in at /admin needs no second
 * sign-in: their requests get a token of that session, which is kept in memory. A token entered by "Authorize" goes first.
 */
async function withAdminSession(request: SwaggerRequest): Promise<SwaggerRequest> {
  const memory = globalThis as { inkreelAdmin?: { token?: string; until: number }; location?: { href: string; origin: string } };
  const url = new URL(request.url, memory.location?.href);
  const isOurs = url.origin === memory.location?.origin && url.pathname.startsWith('/v1/');
  if (!isOurs || request.headers.Authorization) return request;
  if ((memory.inkreelAdmin?.until ?? 0) < Date.now()) {
    const answer = await fetch('/admin/session/token', { method: 'POST' });
    const known = answer.status === 200 ? ((await answer.json()) as { accessToken: string; expiresIn: number }) : undefined;
    // asked again shortly before it expires; without a session, in half a minute
    memory.inkreelAdmin = { token: known?.accessToken, until: Date.now() + (known ? known.expiresIn - 30 : 30) * 1_000 };
  }
  const token = memory.inkreelAdmin?.token;
  if (token) request.headers.Authorization = `Bearer ${token}`;
  return request;
}
