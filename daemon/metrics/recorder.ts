/** What the daemon counts as it works. Nothing that a client chose becomes a label. */
import type { Decision, EndedRequest, RequestObserver } from '../http/observer.ts';
import { methodOf, routeOf } from './routes.ts';
import { ByLabels, Counter, Histogram } from './tally.ts';

/** The endpoints that answer questions about tokens. */
export const ENDPOINTS = ['authorize', 'introspect'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

export const DECISIONS: readonly Decision[] = ['allowed', 'forbidden', 'unauthenticated', 'limited', 'error'];

/** Seconds, from an answer out of memory to one that hardly comes. */
const LATENCIES = [
  ...[0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005],
  ...[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
];
const LONG_LATENCIES = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** As the store tells them. */
const DATABASE_FAILURES = ['duplicate-secret', 'conflict', 'disconnected', 'blocked', 'refused'];

interface Tallies {
  readonly requests: Counter;
  readonly duration: Histogram;
  readonly decisions?: Counter;
  readonly latency?: Histogram;
}

/** By status, and where it does not say what was decided, by that as well. */
type Ends = Map<string | number, Tallies>;

export class Recorder implements RequestObserver {
  readonly requests = new ByLabels<{ route: string; method: string; status: string }, Counter>(() => new Counter());
  readonly durations = new ByLabels<{ route: string }, Histogram>(() => new Histogram(LONG_LATENCIES));
  readonly decisions = new ByLabels<{ endpoint: Endpoint; outcome: Decision }, Counter>(() => new Counter());
  readonly latencies = new ByLabels<{ endpoint: Endpoint }, Histogram>(() => new Histogram(LATENCIES));
  readonly limited = new ByLabels<{ limit: string }, Counter>(() => new Counter());
  readonly database = new ByLabels<{ work: string }, Histogram>(() => new Histogram(LONG_LATENCIES));
  readonly databaseFailures = new ByLabels<{ failure: string }, Counter>(() => new Counter());
  /** When maintenance last came to a good end, in milliseconds since 1970 UTC. */
  maintainedAt: number | undefined;

  /** By route, by method, by how it ended. */
  readonly #known = new Map<string, Map<string, Ends>>();

  constructor() {
    // What has not happened yet is 0 from the start: a rate that begins with the first event misses it.
    for (const endpoint of ENDPOINTS) {
      this.latencies.at({ endpoint });
      for (const outcome of DECISIONS) this.decisions.at({ endpoint, outcome });
    }
    for (const limit of ['failures', 'use']) this.limited.at({ limit });
    for (const work of ['read', 'transaction', 'commit']) this.database.at({ work });
    for (const failure of DATABASE_FAILURES) this.databaseFailures.at({ failure });
  }

  ended(request: EndedRequest): void {
    const { seconds, limited } = request;
    const { requests, duration, decisions, latency } = this.#tallies(request);
    requests.value += 1;
    duration.observe(seconds);
    if (decisions !== undefined) decisions.value += 1;
    latency?.observe(seconds);
    if (limited !== undefined) this.limited.at({ limit: limited }).value += 1;
  }

  /** What such a request counts for, looked up once. */
  #tallies({ path, method, status, decision }: EndedRequest): Tallies {
    const route = routeOf(path);
    const byMethod = entryOf(this.#known, route, () => new Map<string, Ends>());
    const known = entryOf(byMethod, methodOf(method), (): Ends => new Map());
    const key = decision === undefined ? (status ?? 0) : `${status} ${decision}`;
    return entryOf(known, key, () => ({
      requests: this.requests.at({
        route,
        method: methodOf(method),
        status: status === undefined ? 'aborted' : String(status),
      }),
      duration: this.durations.at({ route }),
      ...(isEndpoint(route) && this.#decisionTallies(route, decision ?? outcomeOf(route, status))),
    }));
  }

  #decisionTallies(endpoint: Endpoint, outcome: Decision | undefined): Pick<Tallies, 'decisions' | 'latency'> {
    if (outcome === undefined) return {};
    return { decisions: this.decisions.at({ endpoint, outcome }), latency: this.latencies.at({ endpoint }) };
  }

  took(work: string, seconds: number): void {
    this.database.at({ work }).observe(seconds);
  }

  failed(failure: string): void {
    this.databaseFailures.at({ failure }).value += 1;
  }
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function isEndpoint(route: string): route is Endpoint {
  return (ENDPOINTS as readonly string[]).includes(route);
}

/** What the status says of the token that was asked about; undefined for a request that came to no decision. */
function outcomeOf(endpoint: Endpoint, status: number | undefined): Decision | undefined {
  if (status === undefined) return undefined;
  if (status === 429) return 'limited';
  if (status >= 500) return 'error';
  // Of introspection, the status tells about whoever asks.
  return endpoint === 'authorize' ? AUTHORIZED.get(status) : undefined;
}

const AUTHORIZED: ReadonlyMap<number, Decision> = new Map([
  [200, 'allowed'],
  [401, 'unauthenticated'],
  [403, 'forbidden'],
]);
