/**
 * The steps that every write takes, in the order in which security demands them: authenticate, authorize, replay,
 * then what the operation itself decides, then a look at what it would lead to, and last the record of it.
 */
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Answer, WriteOptions } from './api.ts';
import { requireOwnCredential, requireOwnerLeft, requireTokenRights } from './authority.ts';
import { cutsOff } from './consequences.ts';
import { Draft } from './draft.ts';
import type { Ambient } from './identity.ts';
import type { Resource } from './model.ts';
import { authenticate, type Principal, presentedHash } from './principal.ts';
import { findReplay, type Recorded, type ReplayScope, recordReplay, requestMark } from './replay.ts';
import type { Needs, Operation, Snapshot } from './snapshot.ts';

/** What a decision works with. Changes go to `draft`; reads through it see them. */
export interface Context {
  readonly ambient: Ambient;
  readonly now: number;
  readonly principal: Principal;
  readonly options: WriteOptions;
  readonly draft: Draft;
}

/** What a decision came to. With outcome `unchanged` nothing may have been drafted. */
export interface Effect {
  readonly answer: Answer;
  /** The resources as they were before, which the draft changes or removes; for the rules that look at both sides. */
  readonly touched: readonly Resource[];
  /** JSON pointers of what changes. */
  readonly changed: readonly string[];
  /** The secret in the answer. */
  readonly minted?: { readonly address: string; readonly hash: string };
  readonly expiryMoved?: boolean;
  /** Ends a secret for an emergency: the caller's own may be it. */
  readonly mayEndOwn?: boolean;
  readonly details?: JsonObject;
  /** Addresses of resources that are deleted together with the one that is meant. */
  readonly removedWith?: readonly string[];
}

export interface WriteSpec {
  readonly method: 'PUT' | 'POST' | 'DELETE';
  /** The resource that is meant; audit events name it. */
  readonly address: string;
  /** What tells this request from others to the same address: `/rotation`. */
  readonly suffix?: string;
  readonly action: string;
  readonly body: Json;
  readonly options: WriteOptions;
  /** What is known beforehand to be needed. */
  readonly needs: Needs;
  authorize(snapshot: Snapshot, principal: Principal): void;
  decide(context: Context): Effect;
}

/** The operation that runs these steps. It resolves with the answer, or rejects with a `Problem`. */
export function writeOperation(ambient: Ambient, spec: WriteSpec): Operation<Answer> {
  const { options } = spec;
  const hash = presentedHash(ambient, options.caller.credential);
  return {
    needs: { ...spec.needs, secrets: [...(spec.needs.secrets ?? []), ...(hash === undefined ? [] : [hash])] },
    organizations: [organizationOf(spec.address)],
    decide(snapshot) {
      const principal = authenticate(snapshot, ambient, options.caller);
      spec.authorize(snapshot, principal);
      const replay = replayFor(ambient, spec, principal.account.uid);
      const recorded = replay && findReplay(snapshot, ambient, replay.scope, replay.request);
      if (recorded !== undefined) return repeated(snapshot, principal, recorded);

      const now = ambient.now();
      const draft = new Draft(snapshot);
      const effect = spec.decide({ ambient, now, principal, options, draft });
      const { ip } = options.caller;
      const allowSelf = options.allowSelf === true || effect.mayEndOwn === true;
      requireOwnCredential(draft, principal, { now, ip, allowSelf });
      requireOwnerLeft(snapshot, draft, effect.touched, { now, ip, expiryMoved: effect.expiryMoved === true });

      if (options.dryRun === true) return dryRun(snapshot, draft, effect, now);
      if (!draft.changed) return effect.answer;
      const event = auditEvent(spec, principal, effect, now);
      draft.record(event);
      // What goes with another has an event at its own address too: that is where people look for it.
      for (const address of effect.removedWith ?? []) {
        draft.record({ ...event, address, details: { with: spec.address } });
      }
      if (replay !== undefined) {
        const retired = effect.minted?.address === principal.token.address ? { retired: principal.hash } : {};
        const kept: Recorded = { answer: effect.answer, ...(effect.minted && { minted: effect.minted }), ...retired };
        recordReplay(draft, ambient, replay.scope, replay.request, kept);
      }
      draft.commit();
      return effect.answer;
    },
  };
}

/** The recorded answer. A narrow token of the same account gets no secret out of it that it could not have made. */
function repeated(snapshot: Snapshot, principal: Principal, { answer, minted }: Recorded): Answer {
  const token = minted && snapshot.resource(minted.address);
  if (token !== undefined) requireTokenRights(snapshot, principal, token.address, token.attributes);
  return answer;
}

/** Under which scope and mark this request would be recorded; `undefined` for one without a key or a dry run. */
export function replayFor(
  ambient: Ambient,
  spec: Pick<WriteSpec, 'method' | 'address' | 'suffix' | 'body' | 'options'>,
  account: string,
): { scope: ReplayScope; request: string } | undefined {
  const { idempotencyKey: key, dryRun: isDryRun } = spec.options;
  if (key === undefined || isDryRun === true || spec.method === 'DELETE') return undefined;
  return {
    scope: { account, method: spec.method, target: spec.address + (spec.suffix ?? ''), key },
    request: requestMark(ambient, spec.options, spec.body),
  };
}

function dryRun(before: Snapshot, after: Draft, effect: Effect, now: number): Answer {
  const { outcome, resource } = effect.answer;
  const shown = resource === undefined ? undefined : withoutSecret(resource);
  return {
    outcome,
    ...(shown && { resource: shown }),
    plan: { outcome, changed: effect.changed, cuts_off: cutsOff(before, after, effect.touched, now) },
  };
}

// A dry run mints a secret only to throw it away; nobody should come to rely on one that was never stored.
function withoutSecret(resource: JsonObject): JsonObject {
  const { secret: _secret, ...rest } = resource;
  return rest;
}

function auditEvent(spec: WriteSpec, principal: Principal, effect: Effect, now: number) {
  const { manager, adopt, claim } = spec.options;
  return {
    organization: organizationOf(spec.address),
    at: now,
    actor: principal.identifier,
    actor_token: principal.token.address,
    action: spec.action,
    address: spec.address,
    outcome: effect.answer.outcome,
    request_id: spec.options.caller.requestId,
    details: {
      changed: [...effect.changed],
      ...(manager !== undefined && { manager }),
      ...(adopt === true && { adopted: true }),
      ...(claim !== undefined && { claim }),
      ...effect.details,
    },
  };
}
