/** The OpenAPI document for tests: its operations, its examples, and whether an answer is as it says. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Answer } from './api.js';

export interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  [keyword: string]: unknown;
}
export interface Media {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
interface Header {
  required?: boolean;
}
export interface Response {
  $ref?: string;
  description?: string;
  headers?: Record<string, Header & { $ref?: string }>;
  content?: Record<string, Media>;
}
export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  schema: Schema & { examples?: unknown[]; enum?: unknown[]; format?: string };
}
export interface Operation {
  operationId: string;
  method: string;
  path: string;
  'x-access': 'public' | 'authenticated' | 'scope';
  parameters?: Parameter[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Response>;
}
export interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Omit<Operation, 'method' | 'path'>>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Response>; headers: Record<string, Header> };
}

/** Not of the API: the connection, proxies, CORS, and what helmet sets on every answer. */
const TRANSPORT =
  /^(connection|keep-alive|date|vary|x-accel-buffering|content-(type|length|security-policy)|transfer-encoding|access-control-.*|cross-origin-.*|origin-agent-cluster|referrer-policy|strict-transport-security|x-(content-type-options|dns-prefetch-control|download-options|frame-options|permitted-cross-domain-policies|xss-protection))$/;

export class Description {
  private readonly ajv = formats.default(new Ajv2020({ strict: false, allErrors: true }));
  private readonly validators = new Map<Schema, ValidateFunction>();

  constructor(readonly document: OpenApi) {
    // an answer may hold nothing that the document does not name; a problem may have more members (RFC 9457)
    const exact = Object.entries(document.components.schemas).map(([name, schema]) => [
      name,
      schema.properties && name !== 'Problem'
        ? { ...schema, additionalProperties: schema.additionalProperties ?? false }
        : schema,
    ]);
    const components = JSON.stringify({ schemas: Object.fromEntries(exact) as object });
    this.ajv.addSchema(JSON.parse(`{"$id":"https://inkreel.example/api","components":${components}}`) as object);
  }

  get operations(): Operation[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
    );
  }

  resolve(response: Response): Response {
    return response.$ref ? this.document.components.responses[response.$ref.split('/').at(-1)!] : response;
  }

  /** What is wrong with a value, in words. */
  faults(schema: Schema, value: unknown): string[] {
    const absolute = (one: unknown): unknown =>
      JSON.parse(JSON.stringify(one).replaceAll('"#/components/', '"https://inkreel.example/api#/components/')) as unknown;
    const validate = this.validators.get(schema) ?? this.ajv.compile(absolute(schema) as object);
    this.validators.set(schema, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  /** What is otherwise in an answer than the document says: its status, its headers, its body. */
  differences(operation: Operation, answer: Answer<unknown>): string[] {
    const declared = operation.responses[answer.status] ?? (answer.status >= 400 ? operation.responses.default : undefined);
    if (!declared) return [`the status ${answer.status} is not declared: add @ApiResponse({ status: ${answer.status} })`];
    const response = this.resolve(declared);
    return [...this.headerFaults(response, answer), ...this.bodyFaults(response, answer)];
  }

  private headerFaults({ headers = {} }: Response, answer: Answer<unknown>): string[] {
    const named = Object.entries(headers).map(([name, header]) => ({
      name: name.toLowerCase(),
      required: (header.$ref ? this.document.components.headers[header.$ref.split('/').at(-1)!] : header).required ?? false,
    }));
    const lacking = named.filter(({ name, required }) => required && answer.headers[name] === undefined);
    const unnamed = Object.keys(answer.headers).filter(
      (name) => !TRANSPORT.test(name) && !named.some((header) => header.name === name),
    );
    return [
      ...lacking.map(
        ({ name }) => `the header ${name} is declared and was not sent: see @Sends in libs/http/response-headers.ts`,
      ),
      ...unnamed.map((name) => `the header ${name} was sent and is not declared: name it with @Sends('${name}')`),
    ];
  }

  private bodyFaults({ content = {} }: Response, answer: Answer<unknown>): string[] {
    const type = String(answer.headers['content-type'] ?? '').split(';')[0];
    if (!answer.bytes.length) return [];
    const media = content[type];
    if (!media) return [`the media type ${type} is not declared: ${Object.keys(content).join(', ') || 'no body is'}`];
    return media.schema && /[/+]json$/.test(type) ? this.faults(media.schema, answer.body) : [];
  }
}
