/** The API as the suite speaks it: plain HTTP, every answer kept, nothing derived from the client that we ship. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import request from 'supertest';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';

export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
  /** The body as it came. */
  readonly text: string;
}

export interface Options {
  readonly headers?: Readonly<Record<string, string>>;
  /** Without the question mark. */
  readonly query?: string;
}

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH';

export class Api {
  readonly url: string;
  readonly token: string | undefined;

  /** Speaks to the daemon at `url` as whoever holds `token`, or as nobody. */
  constructor(url: string, token?: string) {
    this.url = url;
    this.token = token;
  }

  as(token: string | undefined): Api {
    return new Api(this.url, token);
  }

  get(address: string, options: Options = {}): Promise<Answer> {
    return this.send('GET', path(address, options), undefined, options.headers);
  }

  put(address: string, body: Json, options: Options = {}): Promise<Answer> {
    return this.send('PUT', path(address, options), JSON.stringify(body), options.headers);
  }

  post(address: string, body: Json, options: Options = {}): Promise<Answer> {
    return this.send('POST', path(address, options), JSON.stringify(body), options.headers);
  }

  delete(address: string, options: Options = {}): Promise<Answer> {
    return this.send('DELETE', path(address, options), undefined, options.headers);
  }

  /** The status with which somebody who presents `secret` is let through or not. */
  async authorize(secret: string, query = ''): Promise<number> {
    return (await this.as(secret).send('GET', `/v1/authorize?${query}`)).status;
  }

  /** The audit events about `address` and what is below it, the newest first. */
  async events(address: string): Promise<JsonObject[]> {
    const organization = address.split('/').slice(0, 2).join('/');
    return this.all(`${organization}/audit-events`, `address=${encodeURIComponent(address)}`);
  }

  /** Every item of a list, page after page. */
  async all(collection: string, query = ''): Promise<JsonObject[]> {
    const items: JsonObject[] = [];
    let cursor = '';
    do {
      const { status, body, text } = await this.get(collection, { query: query + cursor });
      if (status !== 200) throw new Error(`GET /v1/${collection}?${query} answered ${status}: ${text}`);
      items.push(...(body.items as JsonObject[]));
      cursor = body.next_cursor === null ? '' : `&cursor=${encodeURIComponent(String(body.next_cursor))}`;
    } while (cursor !== '');
    return items;
  }

  /** Sends exactly this. Rejects only when there is no answer. */
  async send(
    method: Method,
    target: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const sent = request(this.url)
      [method.toLowerCase() as 'get'](target)
      .redirects(0)
      .set({ ...(this.token !== undefined && { Authorization: `Bearer ${this.token}` }), ...headers });
    if (body !== undefined) {
      if (headers['Content-Type'] === undefined) sent.set('Content-Type', 'application/json');
      sent.send(body);
    }
    const answer = await sent.buffer(true).parse(asText as never);
    const text = String(answer.body);
    const isJson = /json/.test(answer.headers['content-type'] ?? '');
    return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : {}, text };
  }

  /** Sends the target byte for byte, where other clients tidy it up; a body in pieces goes without its length. */
  async exactly(method: Method, target: string, body: string | readonly string[] = []): Promise<Answer> {
    const { hostname, port } = new URL(this.url);
    const sent = httpRequest({ hostname, port, method, path: target, agent: false });
    sent.setHeader('Authorization', `Bearer ${this.token}`);
    sent.setHeader('Content-Type', 'application/json');
    if (typeof body === 'string') sent.setHeader('Content-Length', Buffer.byteLength(body));
    const answered = once(sent, 'response');
    for (const piece of typeof body === 'string' ? [body] : body) sent.write(piece);
    sent.end();
    const [response] = (await answered) as [IncomingMessage];
    const text = await new Promise<string>((resolve, reject) => {
      asText(response, (error, read) => (error === null ? resolve(read) : reject(error)));
    });
    const headers = response.headers as Record<string, string>;
    return {
      status: response.statusCode ?? 0,
      headers,
      body: /json/.test(headers['content-type'] ?? '') ? JSON.parse(text) : {},
      text,
    };
  }
}

function path(address: string, { query }: Options): string {
  return `/v1/${address}${query === undefined ? '' : `?${query}`}`;
}

function asText(response: NodeJS.ReadableStream, done: (error: Error | null, text: string) => void): void {
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
  });
  response.on('error', (error) => done(error, text));
  response.on('end', () => done(null, text));
}
