import { setTimeout as delay } from 'node:timers/promises';
import { InvalidArgumentError, Option } from 'commander';
import { ApiError, ConnectionError } from '../../client/errors.ts';
import { AUDIT_ACTIONS, AUDIT_OUTCOMES } from '../../terraform-provider-spec/audit.ts';
import { durationMs, FORMATS, timestampMs } from '../../terraform-provider-spec/formats.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { wholeAddress } from '../addresses.ts';
import { oneOf } from '../choices.ts';
import type { Options, Verb } from '../command.ts';
import { printable } from '../output.ts';
import type { Session } from '../session.ts';
import { wholeNumber } from './list.ts';

interface Given {
  readonly follow?: boolean;
  readonly interval: number;
  readonly address?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly outcome?: string;
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
  readonly all?: boolean;
}

const DEFAULT_LIMIT = 50;

export const audit: Verb = {
  name: 'audit',
  summary: 'shows what happened: who did what, and what came of it',
  description:
    'Shows the audit events of the organization, the newest first; with --follow the last ones in the order in which they ' +
    'happened, and then each as it comes. With --json an event a line (JSON lines), as the API has it.',
  examples: [
    ['audit', `the last ${DEFAULT_LIMIT} events`],
    ['audit --follow', 'what happens from now on'],
    ['audit --address accounts/ci/tokens/deploy --since 7d', 'what happened to a token within a week'],
    ['audit --outcome refused --since 1d', 'what was refused'],
    ['audit --all --json > audit.jsonl', 'all there is, to keep or to search'],
  ],
  declare(command, act) {
    command
      .option('-f, --follow', 'go on with what happens; end it with Ctrl-C')
      .addOption(
        new Option('--interval <duration>', 'how often to look with --follow, from 1s on')
          .argParser(interval)
          .default(2_000, '2s'),
      )
      .option('--address <address>', 'only what is about this address')
      .option('--actor <identifier>', 'only what this account or user did')
      .addOption(oneOf(new Option('--action <action>', 'only where this was asked for or done'), AUDIT_ACTIONS))
      .addOption(oneOf(new Option('--outcome <outcome>', 'only what came to this'), AUDIT_OUTCOMES))
      .option('--since <time>', 'from this time on; RFC 3339, or a duration such as 7d', pastTime)
      .option('--until <time>', 'before this time; likewise', pastTime)
      .option(
        '--limit <number>',
        `at most so many (default ${DEFAULT_LIMIT}; with --since or --all no limit)`,
        wholeNumber,
      )
      .option('--all', 'all there are')
      .action(
        act(async (session, given: Options<Given>) => {
          if (given.follow) await follow(session, given);
          else await show(session, given);
        }),
      );
  },
};

/** Whoever named no limit of their own learns that there is one. */
async function show(session: Session, given: Given): Promise<void> {
  const isTold = !session.json && given.limit === undefined && Number.isFinite(limitOf(given));
  const limit = limitOf(given);
  let shown = 0;
  for await (const event of events(session, given, isTold ? limit + 1 : limit)) {
    if (shown === limit) {
      session.err.line(
        `these are the last ${limit} events: "--limit NUMBER" shows more of them, "--all" all there are`,
      );
      return;
    }
    print(session, event);
    shown += 1;
  }
}

/** The newest first, of those that were asked for. */
async function* events(session: Session, given: Given, limit = limitOf(given)): AsyncGenerator<JsonObject> {
  let left = limit;
  for await (const event of allEvents(session, given)) {
    if (given.since !== undefined && timeOf(event) < given.since) return;
    if (!isWanted(event, given)) continue;
    if (left <= 0) return;
    left -= 1;
    yield event;
    if (left === 0) return;
  }
}

function allEvents(session: Session, { address }: Given): AsyncGenerator<JsonObject> {
  const { organization } = session.connection;
  return session.client().list(`organizations/${organization}/audit-events`, {
    ...(address !== undefined && { address: wholeAddress(address, organization) }),
    limit: 200,
    signal: session.signal,
  });
}

/** Ends only by the signal. A daemon that does not answer for a while is said, and waited for. */
async function follow(session: Session, given: Given): Promise<never> {
  const first: JsonObject[] = [];
  let newest: string | undefined;
  for await (const event of allEvents(session, given)) {
    newest ??= String(event.id);
    break;
  }
  for await (const event of events(session, given, given.limit ?? (given.since === undefined ? 10 : limitOf(given)))) {
    first.push(event);
  }
  for (const event of first.reverse()) print(session, event);
  newest = [newest, ...first.map(({ id }) => String(id))].reduce(later) ?? '0';
  for (;;) {
    await delay(given.interval, undefined, { signal: session.signal }).catch(() => session.signal.throwIfAborted());
    try {
      const fresh: JsonObject[] = [];
      for await (const event of allEvents(session, given)) {
        if (!isLater(String(event.id), newest)) break;
        fresh.push(event);
      }
      newest = String(fresh[0]?.id ?? newest);
      for (const event of fresh.reverse()) if (isWanted(event, given)) print(session, event);
    } catch (error) {
      const passes = error instanceof ConnectionError || (error instanceof ApiError && error.status >= 500);
      if (!passes) throw error;
      session.warn([`${(error as Error).message}; trying on`]);
    }
  }
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return isLater(a, b) ? a : b;
}

/** Ids are numbers that grow, written as text. */
function isLater(id: string, than: string): boolean {
  return BigInt(id) > BigInt(than);
}

function limitOf({ limit, all, since }: Given): number {
  return limit ?? (all || since !== undefined ? Number.POSITIVE_INFINITY : DEFAULT_LIMIT);
}

function isWanted(event: JsonObject, { actor, action, outcome, until }: Given): boolean {
  return (
    (actor === undefined || event.actor === actor) &&
    (action === undefined || event.action === action) &&
    (outcome === undefined || event.outcome === outcome) &&
    (until === undefined || timeOf(event) < until)
  );
}

function timeOf({ at }: JsonObject): number {
  return timestampMs(String(at));
}

function print({ json, out }: Session, event: JsonObject): void {
  if (json) {
    out.line(JSON.stringify(event));
    return;
  }
  const { at, actor, action, address, outcome } = event;
  const came = printable(String(outcome));
  const shown = outcome === 'refused' ? out.style('red', came) : came;
  out.line(
    [out.style('dim', String(at)), ...[actor, action, address].map((each) => printable(String(each))), shown].join(
      '  ',
    ),
  );
}

function pastTime(text: string): number {
  if (FORMATS.timestamp.check(text) === undefined) return timestampMs(text);
  if (FORMATS.duration.check(text) === undefined) return Date.now() - durationMs(text);
  throw new InvalidArgumentError(`It must be ${FORMATS.timestamp.text}, or a duration such as 7d.`);
}

function interval(text: string): number {
  if (FORMATS.duration.check(text) === undefined) return durationMs(text);
  throw new InvalidArgumentError(`It must be ${FORMATS.duration.text}, from 1s on.`);
}
