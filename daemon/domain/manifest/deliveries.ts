/**
 * The confirmation of many deliveries at once: all secrets that an apply of a manifest has brought to their places, in one
 * transaction.
 */
import { ancestorsOf, kindAt, organizationOf } from '../../../terraform-provider-spec/address.ts';
import { readAttributes } from '../../../terraform-provider-spec/derive/validate.ts';
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { MANIFEST } from '../../../terraform-provider-spec/manifest.ts';
import { DELIVERIES_REQUEST } from '../../../terraform-provider-spec/requests.ts';
import type { Answer, ManifestRequest } from '../api.ts';
import { notFound, requireOrganizationPermission } from '../authority.ts';
import { invalid } from '../convergence.ts';
import type { Ambient } from '../identity.ts';
import { mergedNeeds } from '../loading.ts';
import { Problem } from '../problem.ts';
import { type Needs, NotLoaded, type Operation } from '../snapshot.ts';
import { tokenState } from '../token-state.ts';
import { type Context, type Effect, type Part, writeOperation } from '../write.ts';
import { authorizeDelivery, confirmed } from './delivery.ts';
import { finished } from './pieces.ts';
import { declaredBy } from './record.ts';
import { type Refused, refusalOf } from './refusal.ts';

/** One secret that was delivered. */
interface Delivered {
  readonly address: string;
  /** Where the request names it. */
  readonly pointer: string;
  /** The hash of the secret, as the caller has it. */
  readonly hash: string;
}

/** What becomes of one of them. */
type Fate = { readonly effect: Effect } | { readonly problem: Problem };

/**
 * The operation of `POST …/manifests/{manifest}/delivered`. Whoever may not confirm one of the secrets confirms none. One that
 * is not the token's present secret any more, or whose token is gone, is told in the answer and holds up no other: what
 * stays unconfirmed is replaced, and those who have the other secrets would lose them. It is idempotent.
 */
export function deliverAllOperation(ambient: Ambient, request: ManifestRequest): Operation<Answer> {
  const { address } = request;
  const body = readAttributes(DELIVERIES_REQUEST, request.body);
  const delivered = body.ok ? deliveredIn(body.desired) : [];
  return writeOperation(ambient, {
    method: 'POST',
    address,
    suffix: '/delivered',
    action: 'deliver',
    body: request.body,
    options: request,
    needs: {
      resources: [...new Set([address, ...delivered.flatMap((one) => [one.address, ...ancestorsOf(one.address)])])],
    },
    authorize(_snapshot, principal) {
      requireOrganizationPermission(principal, address, `${MANIFEST.noun}.write`);
    },
    decide: (context) => finished(pieces(context)),
    pieces,
    dryRun: ({ answer }) => ({ ...answer, plan: { outcome: answer.outcome, changed: [], cuts_off: [], warnings: [] } }),
  });

  function* pieces(context: Context): Generator<void, Effect> {
    const { draft } = context;
    const manifest = draft.resource(address);
    if (manifest === undefined)
      throw notFound(draft.resource(organizationOf(address)) ? address : organizationOf(address));
    if (!body.ok) throw invalid(body.violations);
    const declared = new Set(declaredBy(manifest).filter((one) => kindAt(one).token !== undefined));
    yield* authorizeAll(
      context,
      delivered.filter((one) => declared.has(one.address)),
    );
    const parts: Part[] = [];
    const refused: JsonObject[] = [];
    for (const one of delivered) {
      yield;
      const fate = declared.has(one.address) ? fateOf(context, one) : { problem: notDeclared(one, address) };
      if ('effect' in fate) parts.push({ action: 'deliver', address: one.address, effect: fate.effect });
      else refused.push({ address: one.address, code: fate.problem.code, detail: fate.problem.message });
    }
    const changes = parts.filter(({ effect }) => effect.answer.outcome !== 'unchanged');
    const outcome = changes.length > 0 ? 'updated' : 'unchanged';
    return {
      answer: { outcome, resource: { outcome, confirmed: parts.length, refused } },
      touched: changes.flatMap(({ effect }) => effect.touched),
      changed: [],
      parts: changes,
      details: { confirmed: changes.length },
    };
  }
}

function deliveredIn({ tokens }: JsonObject): Delivered[] {
  return (tokens as JsonObject[]).map(({ address, secret_hash: hash }, index) => ({
    address: address as string,
    pointer: `/tokens/${index}`,
    hash: (hash as string).slice('sha256:'.length),
  }));
}

/** Throws the refusals of whoever may not confirm some of them, and `NotLoaded` for all that lacks. */
function* authorizeAll({ draft, principal }: Context, delivered: readonly Delivered[]): Generator<void, void> {
  const missing: Needs[] = [];
  const refused: Refused[] = [];
  for (const one of delivered) {
    yield;
    try {
      authorizeDelivery(draft, principal, one.address);
    } catch (error) {
      if (error instanceof NotLoaded) missing.push(error.needs);
      else if (error instanceof Problem) refused.push({ step: one, problem: error });
      else throw error;
    }
  }
  if (missing.length > 0) throw new NotLoaded(mergedNeeds(missing));
  if (refused.length > 0) throw refusalOf(refused);
}

function fateOf(context: Context, { address, hash }: Delivered): Fate {
  const token = context.draft.resource(address);
  if (token === undefined) return { problem: notFound(address) };
  if (tokenState(token).current.hash === context.ambient.keyring.hashSecret(hash)) {
    return { effect: confirmed({ ...context, isPart: true }, token) };
  }
  const text = `${address} has another secret than the one that was delivered.`;
  return { problem: new Problem('rotation-conflict', text) };
}

/** What the manifest does not declare is not found in it, whatever it is and whether it is there. */
function notDeclared({ address }: Delivered, manifest: string): Problem {
  return new Problem('not-found', `${manifest} declares no token ${address}.`);
}
