/** The OpenAPI document, made from the code, served at /openapi.json and shown at /docs. */
import { ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { type Components, describeOperation, type Operation } from './openapi-operations.js';
import { PROBLEM_RESPONSES, PROBLEM_SCHEMAS } from './openapi-problems.js';
import { type RouteRefusal, shareRefusals } from './openapi-refusals.js';
import { refineSchema } from './openapi-schemas.js';
import { RESPONSE_HEADERS } from './response-headers.js';

export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setOpenAPIVersion('3.1.0')
      .setTitle('Inkreel')
      .setDescription(
        'Serial fiction from chapter to screen: publish chapters, discuss them paragraph by paragraph, and turn each into a narrated, captioned vertical video.\n\n' +
          'Sign in at `POST /v1/sessions` and send the access token as `Authorization: Bearer …`. Errors are RFC 9457 problems. ' +
          'Pages are keyset pages (`next`, `Link`). Changes take `If-Match`; creations take `Idempotency-Key`. Live events: `/live` (WebSocket) and SSE.',
      )
      .setVersion('1')
      .addBearerAuth({
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'The access token of `POST /v1/sessions`. An operation that needs a scope names it.',
      })
      // relative: Swagger UI then asks the host it was opened on, be it localhost, 127.0.0.1 or an address of the network
      .addServer('/', 'The server that this document came from.')
      .addTag('auth', 'Accounts, sessions and what an account may do.')
      .addTag('works', 'Works and who works on them.')
      .addTag('chapters', 'Chapters: drafts, revisions and publishing.')
      .addTag('comments', 'Comments on chapters, paragraphs and words.')
      .addTag('films', 'Films of chapters, and what a film is told.')
      .addTag('live', 'Live events: history, SSE and tickets for the WebSocket.')
      .addTag('admin', 'For admins: accounts, events and jobs.')
      .build(),
    // verb and noun, unique over all controllers: clients are generated with these names
    { operationIdFactory: (_controller, method) => method, autoTagControllers: false },
  );
  document.info.license = { name: 'MIT', identifier: 'MIT' } as never; // `url` and `identifier` exclude each other
  document.info.contact = { name: 'Whoever runs this server' };
  const schemas = { ...document.components?.schemas, ...PROBLEM_SCHEMAS } as Components;
  for (const schema of Object.values(schemas)) refineSchema(schema);
  document.components = {
    ...document.components,
    schemas: schemas as never,
    headers: RESPONSE_HEADERS as never,
  };
  const refusals = routeRefusals(app);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods as Record<string, Operation>).map((operation) => ({ path, operation })),
  );
  for (const { path, operation } of operations) describeOperation(path, operation, { components: schemas, refusals });
  const shared = shareRefusals(operations.map(({ operation }) => operation));
  document.components.responses = { ...PROBLEM_RESPONSES, ...shared };
  return document;
}

/** What the build has read from the controllers (tools/launcher/route-refusals.cjs), by operationId. */
function routeRefusals(app: NestFastifyApplication): Record<string, readonly RouteRefusal[]> {
  const modules = [...app.get(ModulesContainer).values()];
  const controllers = modules.flatMap((module) => [...module.controllers.values()]);
  const lists = controllers.map(
    ({ metatype }) => (metatype as { routeRefusals?: Record<string, readonly RouteRefusal[]> }).routeRefusals,
  );
  return Object.assign({}, ...lists) as Record<string, readonly RouteRefusal[]>;
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
