/** What PUT does alike for every kind: the row that comes out, and the answer about it. */
import { organizationOf, parentOf } from '../../terraform-provider-spec/address.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import type { Answer } from './api.ts';
import { managerAfter } from './contract.ts';
import { keysOf } from './keys.ts';
import type { Resource } from './model.ts';
import { Problem, type ProblemDetail } from './problem.ts';
import { etagOf, present } from './view.ts';
import type { Context } from './write.ts';

/** One PUT, as far as it is the same for every kind. */
export interface Convergence {
  readonly kind: Kind;
  readonly address: string;
  readonly stored: Resource | undefined;
  /** The writable attributes with defaults filled in; those that keep their stored value are missing. */
  readonly desired: JsonObject;
  /** What an identity provider keeps with it, where that is who writes. */
  readonly provisioned?: JsonObject;
}

/** The refusal of a body, each fault with its pointer. */
export function invalid(errors: readonly ProblemDetail[]): Problem {
  const [first] = errors;
  const fault = first === undefined ? '' : ` ${first.pointer || 'The body'}: ${first.detail}.`;
  const rest = Math.max(errors.length - 1, 0);
  const more = rest === 0 ? '' : rest === 1 ? ' There is one more fault.' : ` There are ${rest} more faults.`;
  return new Problem('invalid', `The request is not valid.${fault.replace(/\?\.$/, '?')}${more}`, { errors });
}

/** The row after a PUT: a new one, or the stored one with what changed. */
export function nextRow(
  context: Context,
  { kind, address, stored }: Convergence,
  next: Pick<Resource, 'attributes'> & Partial<Pick<Resource, 'state' | 'owner' | 'valid_until'>>,
): Resource {
  const { now, options, principal, ambient } = context;
  const keys = keysOf(kind, address, next.attributes, next.state ?? stored?.state ?? {});
  const shared = {
    keys,
    managed_by: managerAfter(stored, options),
    claim: options.claim ?? stored?.claim ?? null,
    ...next,
  };
  if (stored !== undefined) return { ...stored, ...shared, revision: stored.revision + 1, updated_at: now };
  return {
    address,
    kind: kind.kind,
    organization: organizationOf(address),
    parent: parentOf(address),
    name: address.slice(address.lastIndexOf('/') + 1),
    uid: ambient.uid(),
    revision: 1,
    created_at: now,
    created_by: principal.identifier,
    updated_at: now,
    state: {},
    owner: false,
    valid_until: null,
    ...shared,
  };
}

/** What a PUT answers about the row as it now is. */
export function answerOf(context: Context, row: Resource, outcome: Answer['outcome'], secret?: string): Answer {
  if (context.isPart) return { outcome, ...(secret !== undefined && { resource: { secret } }), etag: etagOf(row) };
  return { outcome, resource: present(context.draft, row, { now: context.now, secret }), etag: etagOf(row) };
}

/** Whether the write changes who manages or claims the resource. */
export function changesHands(context: Context, stored: Resource): boolean {
  const { options } = context;
  return managerAfter(stored, options) !== stored.managed_by || (options.claim ?? stored.claim) !== stored.claim;
}
