/**
 * Carries a plan out, so that it can end at any moment and be run again: secrets are in the journal before the daemon
 * learns of them, at their sinks before they are confirmed, and leave the journal last.
 */
import type { Client, WriteOptions } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import { fileTrouble } from '../file-trouble.ts';
import type { Delivery } from './check.ts';
import { confirmAll } from './confirm.ts';
import { deliver, type Surroundings } from './deliver.ts';
import type { Journal } from './journal.ts';
import { PATIENCE } from './patience.ts';
import type { ManifestAnswer, Plan } from './plan.ts';
import { describeSink } from './sinks.ts';

export interface ApplyRequest {
  readonly client: Client;
  readonly plan: Plan;
  readonly deliveries: readonly Delivery[];
  readonly journal: Journal;
  /** Secrets that are to stay in the journal, whatever becomes of the others. */
  readonly aside: ReadonlyMap<string, string>;
  readonly options: WriteOptions;
  readonly surroundings: Surroundings;
  /** Is told what is being done, and how much of it is done. */
  readonly progress: Progress;
  /** Is told, for people, that nobody knows whether the manifest was applied, and what to do. */
  warn(text: string): void;
}

export interface Progress {
  begin(what: string, total?: number): void;
  advance(): void;
  end(): void;
}

/** Why the secret of a token is not, or not known to be, where it belongs. */
export interface Failure {
  readonly address: string;
  /** For people; without a secret. */
  readonly why: string;
}

export interface Applied {
  readonly answer: ManifestAnswer;
  /** Addresses of the tokens whose secrets reached all of their sinks, and are confirmed. */
  readonly delivered: readonly string[];
  readonly failures: readonly Failure[];
}

interface Parcel {
  readonly delivery: Delivery;
  readonly secret: string;
}

/**
 * Resolves when everything is done, but for the failures, whose secrets stay in the journal. Rejects with the client's
 * errors when the daemon refuses or does not answer: then nothing has been delivered yet.
 */
export async function applyPlan(request: ApplyRequest): Promise<Applied> {
  const { plan, deliveries, journal, progress } = request;
  // Also what was found there: whoever noted it may be refused, and take the note back.
  journal.add(plan.secrets);
  const answer = plan.answer.outcome === 'unchanged' ? plan.answer : await put(request);
  const parcels = deliveries.flatMap((delivery): Parcel[] => {
    const secret = plan.secrets.get(delivery.address) ?? plan.pending.get(delivery.address);
    return secret === undefined ? [] : [{ delivery, secret }];
  });
  const failures = await deliverAll(parcels, request);
  const failed = new Set(failures.map(({ address }) => address));
  const reached = parcels.filter(({ delivery }) => !failed.has(delivery.address));
  progress.begin('confirming the delivery');
  const unconfirmed = await confirmAll(
    request,
    new Map(reached.map(({ delivery, secret }) => [delivery.address, secret])),
  );
  progress.end();
  for (const { address } of unconfirmed) failed.add(address);
  const kept = parcels.filter(({ delivery }) => failed.has(delivery.address));
  journal.keepOnly(
    new Map([...request.aside, ...kept.map(({ delivery, secret }): [string, string] => [delivery.address, secret])]),
  );
  return {
    answer,
    delivered: reached.map(({ delivery }) => delivery.address).filter((address) => !failed.has(address)),
    failures: [...failures, ...unconfirmed],
  };
}

async function put(request: ApplyRequest): Promise<ManifestAnswer> {
  const { client, plan, journal, options, progress } = request;
  const { answer, etag, manifest, tree } = plan;
  const count = answer.changes.length;
  progress.begin(`applying ${count} ${count === 1 ? 'change' : 'changes'}`);
  try {
    const { resource } = await client.put(manifest, tree, {
      ...PATIENCE,
      ...options,
      ...(etag !== undefined && { ifMatch: etag }),
    });
    return resource as unknown as ManifestAnswer;
  } catch (error) {
    if (isRefusal(error)) {
      // The secrets are nobody's, and must not look like those of an interrupted apply.
      journal.takeBack();
    } else {
      const noted = plan.secrets.size === 0 ? '' : `, and the new secrets stay noted in ${journal.directory}`;
      request.warn(`it is not known whether the daemon has applied this${noted}: run it again, here`);
    }
    throw error;
  } finally {
    progress.end();
  }
}

/**
 * Whether it is certain that nothing was done: the daemon itself has refused the first request that was sent. The refusal of a
 * repetition can be due to what the first one did, and what stands in front of the daemon answers what it likes.
 */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.isRepeated || error.code === 'unexpected-answer') return false;
  return error.status >= 400 && error.status < 500 && error.status !== 429 && error.code !== 'request-in-progress';
}

/** One after the other: sinks of several tokens may be entries of one file. After an interruption none is begun. */
async function deliverAll(parcels: readonly Parcel[], { surroundings, progress }: ApplyRequest): Promise<Failure[]> {
  const failures: Failure[] = [];
  progress.begin('delivering secrets', parcels.length);
  for (const { delivery, secret } of parcels) {
    const { address } = delivery;
    for (const sink of delivery.sinks) {
      try {
        surroundings.signal?.throwIfAborted();
        await deliver(sink, { address, secret }, surroundings);
      } catch (error) {
        failures.push({ address, why: `${describeSink(sink)}: ${fileTrouble(error)}` });
      }
    }
    progress.advance();
  }
  progress.end();
  return failures;
}
