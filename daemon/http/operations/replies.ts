/** What the service answers, as HTTP. */
import type { Answer, Page } from '../../domain/api.ts';
import type { Reply } from '../reply.ts';

/** An entity tag as a header takes it (RFC 9110, section 8.8.3). */
export function entityTag(etag: string): string {
  return `"${etag}"`;
}

/** The answer to a PUT or POST: 201 with the location for what was created, else 200. */
export function writeReply(address: string, answer: Answer): Reply {
  if (answer.plan !== undefined) return planReply(answer);
  const created = answer.outcome === 'created';
  return {
    status: created ? 201 : 200,
    headers: { ...contractHeaders(answer), ...(created && { Location: `/v1/${address}` }) },
    body: answer.resource ?? {},
  };
}

/** The answer to a DELETE: 204, whatever was there. */
export function removalReply(answer: Answer): Reply {
  if (answer.plan !== undefined) return planReply(answer);
  return { status: 204, headers: contractHeaders(answer) };
}

/** One page of a list. */
export function pageReply({ items, next_cursor }: Page): Reply {
  return { status: 200, body: { items: [...items], next_cursor } };
}

function planReply({ plan, resource }: Answer): Reply {
  if (plan === undefined) throw new TypeError('a dry run has a plan');
  const { outcome, changed, cuts_off, warnings } = plan;
  return {
    status: 200,
    body: {
      outcome,
      changed: [...changed],
      cuts_off: [...cuts_off],
      warnings: [...warnings],
      ...(resource !== undefined && { resource }),
    },
  };
}

/** The headers by which a write says what it did. */
export function contractHeaders({ outcome, etag, replayed, warnings = [] }: Answer): Record<string, string | string[]> {
  return {
    'Accredit-Outcome': outcome,
    ...(etag !== undefined && { ETag: entityTag(etag) }),
    ...(replayed && { 'Idempotency-Replayed': 'true' }),
    ...(warnings.length > 0 && { 'Accredit-Warning': [...warnings] }),
  };
}
