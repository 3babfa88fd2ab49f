/**
 * A REST client for tests. Paths are sent exactly as they are written (`fetch` would tidy `//` and `..` away), bodies as
 * JSON unless they are text or bytes, and an answer of 500 and above prints the server's log at once.
 */
import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';

/** The members of most answers; name a contract class for others: `api.get<WorkResponse>(…)`. */
export interface Anything {
  id: string;
  items: Anything[];
  next: string | null;
  version: number;
  revision: number;
  /** of a problem document */
  type: string;
  detail: string;
  [member: string]: unknown;
}

export interface Answer<Body = Anything> {
  status: number;
  headers: IncomingHttpHeaders;
  /** Parsed if it is JSON, else text. */
  body: Body;
  bytes: Buffer;
}

export class Api {
  /** Called for every answer of 500 and above; stack.ts sets it. */
  static onFault: (what: string, answer: Answer<unknown>) => void = () => undefined;

  constructor(
    readonly url: string,
    readonly token?: string,
    private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 }),
  ) {}

  as(token: string | undefined): Api {
    return new Api(this.url, token, this.agent);
  }

  /** The same person as a client of another process. */
  at(url: string): Api {
    return new Api(url, this.token);
  }

  get<Body = Anything>(path: string, headers?: OutgoingHttpHeaders): Promise<Answer<Body>> {
    return this.send('GET', path, undefined, headers);
  }
  post<Body = Anything>(path: string, body?: unknown, headers?: OutgoingHttpHeaders): Promise<Answer<Body>> {
    return this.send('POST', path, body, headers);
  }
  put<Body = Anything>(path: string, body?: unknown, headers?: OutgoingHttpHeaders): Promise<Answer<Body>> {
    return this.send('PUT', path, body, headers);
  }
  patch<Body = Anything>(path: string, body?: unknown, headers?: OutgoingHttpHeaders): Promise<Answer<Body>> {
    return this.send('PATCH', path, body, headers);
  }
  delete<Body = Anything>(path: string, headers?: OutgoingHttpHeaders, body?: unknown): Promise<Answer<Body>> {
    return this.send('DELETE', path, body, headers);
  }

  async send<Body = Anything>(
    method: string,
    path: string,
    body?: unknown,
    more: OutgoingHttpHeaders = {},
  ): Promise<Answer<Body>> {
    const plain = typeof body === 'string' || Buffer.isBuffer(body);
    const payload = body === undefined || plain ? body : JSON.stringify(body);
    const headers: OutgoingHttpHeaders = {
      ...(this.token && { authorization: `Bearer ${this.token}` }),
      ...(payload !== undefined && { 'content-length': Buffer.byteLength(payload) }),
      ...(payload !== undefined && !plain && { 'content-type': 'application/json' }),
      ...more,
    };
    const { hostname, port } = new URL(this.url);
    const answer = await new Promise<Answer<Body>>((resolve, reject) => {
      const call = request({ agent: this.agent, hostname, port, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        if (response.headers['content-type']?.startsWith('text/event-stream')) {
          // it has no end to wait for
          response.destroy();
          resolve({ status: response.statusCode!, headers: response.headers, body: '' as Body, bytes: Buffer.alloc(0) });
          return;
        }
        response.once('end', () => {
          const bytes = Buffer.concat(chunks);
          // a part of JSON is none
          const json =
            response.statusCode !== 206 &&
            /^application\/(\w+\+)?json/.test(response.headers['content-type'] ?? '') &&
            bytes.length > 0;
          const text = bytes.toString();
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: (json ? JSON.parse(text) : text) as Body,
            bytes,
          });
        });
      });
      // a server may refuse a body before it has read all of it: the answer counts, not the broken pipe
      call.once('error', (error: NodeJS.ErrnoException) => {
        // the server closed a connection that had been idle for long, at the moment in which it was used again
        if (call.reusedSocket && error.code === 'ECONNRESET') this.send<Body>(method, path, body, more).then(resolve, reject);
        else setTimeout(() => reject(error), 50);
      });
      call.end(payload);
    });
    if (answer.status >= 500) Api.onFault(`${method} ${path}`, answer);
    return answer;
  }
}
