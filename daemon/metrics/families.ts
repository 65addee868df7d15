/** Every metric of Accredit's own, described once. `docs/operations.md` explains each. */
import { TOKEN_KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import type { Statistics } from '../domain/api.ts';
import type { Total, TotalsQuery } from '../domain/snapshot.ts';
import type { Recorder } from './recorder.ts';
import type { ByLabels, Counter, Histogram } from './tally.ts';

/** Where the values come from that nobody records. */
export interface Sources {
  readonly version: string;
  statistics(): Statistics;
  /** How many writes wait to be answered. */
  queueDepth(): number;
  /** The tokens by when they end; undefined where that is not known. */
  totals(): Promise<readonly Total[] | undefined>;
}

export interface Sample {
  /** What stands behind the name of the metric: `_bucket`, say. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  samples(): Iterable<Sample> | Promise<Iterable<Sample>>;
}

const DAY = 86_400_000;

/** The ends of which is told how many tokens they come for. */
const WITHIN = [
  ['7d', 7 * DAY],
  ['30d', 30 * DAY],
] as const;

/** What to ask the store for, at `now`. */
export function totalsQuery(now: number): TotalsQuery {
  return { kinds: TOKEN_KINDS.map(({ kind }) => kind), now, until: WITHIN.map(([, ahead]) => now + ahead) };
}

/** The metrics over what is recorded and where the rest comes from. */
export function families(recorder: Recorder, sources: Sources): readonly Family[] {
  const decisions = () => sources.statistics().decisions;
  return [
    gauge('accredit_build_info', 'The version of the daemon, as a label; always 1.', () => [
      { labels: { version: sources.version }, value: 1 },
    ]),
    counter(
      'accredit_decisions_total',
      'Answers to questions about tokens, by what they came to.',
      counted(recorder.decisions),
    ),
    histogram(
      'accredit_decision_duration_seconds',
      'How long such an answer takes, from the head of the request to its end.',
      recorder.latencies,
    ),
    counter('accredit_http_requests_total', 'Requests, by how they were answered.', counted(recorder.requests)),
    histogram('accredit_http_request_duration_seconds', 'How long requests take.', recorder.durations),
    counter('accredit_rate_limited_total', 'Requests that a rate limit held back.', counted(recorder.limited)),
    counter('accredit_decision_cache_hits_total', 'Decisions that were known.', () => [{ value: decisions().hits }]),
    counter('accredit_decision_cache_misses_total', 'Decisions that had to be made.', () => [
      { value: decisions().misses },
    ]),
    counter(
      'accredit_decision_cache_invalidations_total',
      'Known decisions that were dropped because something that they rest on changed.',
      () => [{ value: decisions().invalidations }],
    ),
    gauge('accredit_decision_cache_entries', 'Decisions that are known.', () => [{ value: decisions().entries }]),
    gauge('accredit_decision_cache_limit', 'Decisions that can be known at once.', () => [
      { value: decisions().limit },
    ]),
    gauge('accredit_waiting_uses', 'Uses of secrets that are not written yet.', () => [
      { value: sources.statistics().waitingUses },
    ]),
    gauge('accredit_write_queue_depth', 'Writes that wait for the database.', () => [{ value: sources.queueDepth() }]),
    histogram(
      'accredit_database_duration_seconds',
      'How long reads, write transactions and the commits in them take.',
      recorder.database,
    ),
    counter(
      'accredit_database_errors_total',
      'What the database did not do, by what kept it from that.',
      counted(recorder.databaseFailures),
    ),
    gauge('accredit_tokens', 'Tokens that have not reached their end.', async () =>
      ((await sources.totals()) ?? []).map(({ kind, count }) => ({ labels: { kind }, value: count })),
    ),
    gauge('accredit_tokens_expiring', 'Tokens among them that reach it soon.', async () =>
      ((await sources.totals()) ?? []).flatMap(({ kind, ending }) =>
        WITHIN.map(([within], index) => ({ labels: { kind, within }, value: ending[index] as number })),
      ),
    ),
    gauge(
      'accredit_maintenance_last_success_timestamp_seconds',
      'When what was gathered was last written and what is due removed.',
      () => (recorder.maintainedAt === undefined ? [] : [{ value: recorder.maintainedAt / 1000 }]),
    ),
  ];
}

function counter(name: string, help: string, samples: Family['samples']): Family {
  return { name, type: 'counter', help, samples };
}

function gauge(name: string, help: string, samples: Family['samples']): Family {
  return { name, type: 'gauge', help, samples };
}

function histogram(name: string, help: string, values: ByLabels<Readonly<Record<string, string>>, Histogram>): Family {
  return {
    name,
    type: 'histogram',
    help,
    samples: () => [...values.entries()].flatMap(([labels, value]) => [...bucketsOf(labels, value)]),
  };
}

/** Each bucket holds all that are smaller as well, the last one everything. */
function* bucketsOf(labels: Readonly<Record<string, string>>, { bounds, counts, sum }: Histogram): Generator<Sample> {
  let total = 0;
  for (const [index, count] of counts.entries()) {
    total += count;
    yield { suffix: '_bucket', labels: { ...labels, le: String(bounds[index] ?? '+Inf') }, value: total };
  }
  yield { suffix: '_sum', labels, value: sum };
  yield { suffix: '_count', labels, value: total };
}

function counted(values: ByLabels<Readonly<Record<string, string>>, Counter>): () => Sample[] {
  return () => [...values.entries()].map(([labels, { value }]) => ({ labels, value }));
}
