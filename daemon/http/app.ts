/** The management API: an Express application over the service. */
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { OptionalPaths } from '../../terraform-provider-spec/derive/openapi/fixed-paths.ts';
import { openApi } from '../../terraform-provider-spec/derive/openapi.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Service } from '../domain/api.ts';
import { Problem } from '../domain/problem.ts';
import { type ExchangeOptions, exchangeOf } from './exchange.ts';
import { InProgress } from './in-progress.ts';
import { nearestPath } from './nearest-path.ts';
import { type Operation, serve } from './operation.ts';
import { type Reply, send } from './reply.ts';
import { routes } from './routes.ts';
import { Semaphore } from './semaphore.ts';

export interface AppOptions extends ExchangeOptions {
  readonly service: Service;
  /** Of the daemon, for `/healthz`. */
  readonly version: string;
  /** Rejects unless the database takes writes. */
  readonly ready: () => Promise<void>;
  /** The paths that not every daemon has; none of them if left out. */
  readonly served?: OptionalPaths;
}

/**
 * Each large body may take hundreds of megabytes until it is answered, and time of the thread that everything else waits for. Whoever
 * waits longer for a turn would run into the time that a request may take.
 */
const LARGE_BODIES = { atOnce: 2, patience: 20_000 };

const NO_OPTIONAL_PATH: OptionalPaths = { recycleKey: false };

/** The application. It holds no state but which requests with an Idempotency-Key are running, and which have large bodies. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.set('strict routing', true);
  app.set('case sensitive routing', true);
  app.use((request, response, next) => {
    exchangeOf(request, response, options);
    next();
  });
  app.use(helmet({ contentSecurityPolicy: { directives: { defaultSrc: ["'none'"] }, useDefaults: false } }));
  const document = openApi(options.served ?? NO_OPTIONAL_PATH);
  addPublicRoutes(app, options, document);
  addRoutes(app, options);
  const paths = Object.keys(document.paths as object);
  app.use(({ path }) => {
    throw noSuchPath(path, paths);
  });
  app.use(answerErrors(options));
  return app;
}

/** Which paths there are is no secret, and who misspells one need not look for a missing right. */
function noSuchPath(path: string, paths: readonly string[]): Problem {
  const meant = nearestPath(path, paths);
  const hint = meant === undefined ? 'GET /openapi.json lists them' : `did you mean ${meant}?`;
  const errors = [{ pointer: '', detail: `there is no such path; ${hint}` }];
  return new Problem('not-found', 'The API has no such path.', { errors });
}

function addPublicRoutes(app: Express, { version, ready }: AppOptions, document: JsonObject): void {
  answerGet(app, '/healthz', async () => ({ status: 200, body: { status: 'ok', version } }));
  answerGet(app, '/readyz', async () => {
    await ready();
    return { status: 200, body: { status: 'ready' } };
  });
  answerGet(app, '/openapi.json', async () => ({
    status: 200,
    headers: { 'Cache-Control': 'no-cache' },
    body: document,
  }));
}

function answerGet(app: Express, path: string, reply: () => Promise<Reply>): void {
  app
    .route(path)
    .get(async (_request, response) => send(response, await reply()))
    .all(methodNotAllowed(['GET']));
}

function addRoutes(app: Express, options: AppOptions): void {
  const context = {
    service: options.service,
    inProgress: new InProgress(),
    largeBodies: new Semaphore(LARGE_BODIES),
    exchangeOf: (request: express.Request) => exchangeOf(request, request.res as express.Response, options),
  };
  for (const { path, operations } of routes(options.served ?? NO_OPTIONAL_PATH)) {
    const route = app.route(path);
    for (const [method, operation] of Object.entries(operations) as [string, Operation][]) {
      route[method.toLowerCase() as 'get' | 'put' | 'post' | 'delete'](serve(operation, context));
    }
    route.all(methodNotAllowed(Object.keys(operations)));
  }
}

function methodNotAllowed(methods: readonly string[]): RequestHandler {
  const allowed = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  return (request, response) => {
    response.setHeader('Allow', allowed);
    throw new Problem('method-not-allowed', `${request.method} is not offered here, only ${allowed}.`);
  };
}

function answerErrors(options: AppOptions): ErrorRequestHandler {
  // Express tells an error handler by its four parameters.
  return (error, request, response, _next) => exchangeOf(request, response, options).fail(error);
}
