/** What a plan does not change, and somebody should know of. */
import { existsSync } from 'node:fs';
import { printable } from '../output.ts';
import type { Delivery } from './check.ts';
import type { Ended, Plan } from './plan.ts';
import { describeSink, type Sink } from './sinks.ts';

export interface Note {
  /** Of what it is said. */
  readonly address: string;
  /** For people: goes on after the address. */
  readonly text: string;
}

const RENEWED = 'another "rotation" gives it a new one';

/** The notes on a plan, in the order in which they are shown. */
export function notesOn(plan: Plan, deliveries: readonly Delivery[]): Note[] {
  const { before, secrets, pending, byHand } = plan;
  const isCared = (address: string) => secrets.has(address) || pending.has(address) || byHand.includes(address);
  const due = before.due.filter((one) => !isCared(one));
  const lost = before.undelivered.filter((one) => !before.due.includes(one) && !isCared(one));
  // What was taken over, or lost its file, looks as if it were delivered.
  const lacking = deliveries
    .filter(({ address }) => !isCared(address))
    .flatMap(({ address, sinks }) => sinks.filter(lacksFile).map((sink) => ({ address, sink })));
  return [
    ...(plan.answer.ended ?? []).map((one) => ({ address: one.address, text: aboutEnd(one) })),
    ...due.map((address) => ({ address, text: 'is due, and only a token with "deliver" gets a new secret from here' })),
    ...lost.map((address) => ({
      address,
      text: 'has a secret that nobody has confirmed, and cannot get another as it is now',
    })),
    ...lacking.map(({ address, sink }) => ({
      address,
      text: `is not in ${printable(describeSink(sink))}, and nobody can read its secret back; ${RENEWED}`,
    })),
    ...plan.stale.map(({ address, sink }) => ({
      address,
      text: `has another secret than the one in ${printable(describeSink(sink))}; ${RENEWED}, which is taken there`,
    })),
  ];
}

function aboutEnd({ status, reason }: Ended): string {
  if (status === 'expired')
    return 'has expired and opens nothing; another expiry renews it, where its profile allows that';
  return `is ${printable(reason ?? 'revoked')}, and stays so whatever is declared; "accredit restore" takes that back`;
}

function lacksFile(sink: Sink): boolean {
  return sink.type === 'file' && !existsSync(sink.path);
}
