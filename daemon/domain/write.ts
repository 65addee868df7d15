/**
 * The steps that every write takes, in the order in which security demands them: authenticate, authorize, replay,
 * then what the operation itself decides, then a look at what it would lead to, and last the record of it.
 */
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import type { AuditAction } from '../../terraform-provider-spec/audit.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import type { Answer, Audience, Outcome, WriteOptions } from './api.ts';
import { requireEveryRight, requireOwnCredential, requireOwnerLeft, requireTokenRights } from './authority.ts';
import { addressAllowed, holderCarries } from './carried.ts';
import { cutsOff } from './consequences.ts';
import { Draft } from './draft.ts';
import type { Ambient } from './identity.ts';
import { mapLoaded } from './loading.ts';
import type { Resource } from './model.ts';
import { authenticate, type Principal, presentedHash } from './principal.ts';
import { findReplay, type Minted, type Recorded, type ReplayScope, recordReplay, requestMark } from './replay.ts';
import type { Needs, Operation, Snapshot } from './snapshot.ts';

/** What a decision works with. Changes go to `draft`; reads through it see them. */
export interface Context {
  readonly ambient: Ambient;
  readonly now: number;
  readonly principal: Principal;
  readonly options: WriteOptions;
  readonly draft: Draft;
  /** It is a part of something larger: nobody is shown what it would answer by itself, but for a secret. */
  readonly isPart?: true;
}

/** What a decision came to. With outcome `unchanged` nothing may have been drafted. */
export interface Effect {
  readonly answer: Answer;
  /** The resources as they were before, which the draft changes or removes; for the rules that look at both sides. */
  readonly touched: readonly Resource[];
  /** JSON pointers of what changes. */
  readonly changed: readonly string[];
  /** The secret in the answer. */
  readonly minted?: Minted;
  /** The effects on single resources that it consists of, each with an event of its own. */
  readonly parts?: readonly Part[];
  readonly expiryMoved?: boolean;
  /** Ends a secret for an emergency: the caller's own may be it. */
  readonly mayEndOwn?: boolean;
  readonly details?: JsonObject;
  /** What is allowed and yet against a policy that only warns, for people. */
  readonly warnings?: readonly string[];
  /** What becomes of other resources together with the one that is meant. */
  readonly alongWith?: readonly { readonly address: string; readonly outcome: Outcome }[];
  /** The resource that is meant, where only the decision can tell. */
  readonly address?: string;
}

/** What happens to one of many resources. */
export interface Part {
  readonly action: AuditAction;
  readonly address: string;
  readonly effect: Effect;
}

export interface WriteSpec {
  readonly method: 'PUT' | 'POST' | 'DELETE';
  /** The resource that is meant; audit events name it. */
  readonly address: string;
  /** What tells this request from others to the same address: `/rotation`. */
  readonly suffix?: string;
  readonly action: AuditAction;
  readonly body: Json;
  readonly options: WriteOptions;
  /** What is known beforehand to be needed. */
  readonly needs: Needs;
  /** Which credentials it takes; those for the API, or for SCIM where the caller says so, if left out. */
  readonly audiences?: readonly Audience[];
  authorize(snapshot: Snapshot, principal: Principal): void;
  decide(context: Context): Effect;
  /** The same with pauses, as in `Operation`. */
  pieces?(context: Context): Generator<void, Effect>;
  /** What a dry run answers, if that is not what a write of one resource does. */
  dryRun?(effect: Effect): Answer;
}

/** The operation that runs these steps. It resolves with the answer, or rejects with a `Problem`. */
export function writeOperation(ambient: Ambient, spec: WriteSpec): Operation<Answer> {
  const hash = presentedHash(ambient, spec.options.caller.credential);
  const { pieces } = spec;
  return {
    needs: { ...spec.needs, secrets: [...(spec.needs.secrets ?? []), ...(hash === undefined ? [] : [hash])] },
    organizations: [organizationOf(spec.address)],
    decide(snapshot) {
      const begun = begin(snapshot, ambient, spec);
      return 'outcome' in begun ? begun : conclude(snapshot, spec, begun, spec.decide(begun.context));
    },
    ...(pieces !== undefined && {
      *pieces(snapshot): Generator<void, Answer> {
        const begun = begin(snapshot, ambient, spec);
        return 'outcome' in begun ? begun : conclude(snapshot, spec, begun, yield* pieces(begun.context));
      },
    }),
  };
}

/** A write that is authorized and new. */
interface Begun {
  readonly context: Context;
  readonly replay: ReturnType<typeof replayFor>;
}

/** The steps before the decision; the recorded answer, where the request has been answered before. */
function begin(snapshot: Snapshot, ambient: Ambient, spec: WriteSpec): Begun | Answer {
  const { options } = spec;
  const principal = authenticate(
    snapshot,
    ambient,
    options.caller,
    spec.audiences ?? [options.caller.audience ?? 'api'],
  );
  spec.authorize(snapshot, principal);
  const replay = replayFor(ambient, spec, accountOf(principal.token, principal.holder, principal.hash));
  const recorded = replay && findReplay(snapshot, ambient, replay.scope, replay.request);
  if (recorded !== undefined) return repeated(snapshot, principal, recorded);
  const draft = new Draft(snapshot);
  return { context: { ambient, now: ambient.now(), principal, options, draft }, replay };
}

/** The steps after it: a look at what it would lead to, and the record. */
function conclude(snapshot: Snapshot, spec: WriteSpec, { context, replay }: Begun, effect: Effect): Answer {
  const { ambient, draft, now, options, principal } = context;
  const { ip } = options.caller;
  // An enrolment is there to end with the write that it opens.
  const allowSelf = options.allowSelf === true || effect.mayEndOwn === true || principal.audience === 'enrolment';
  requireOwnCredential(draft, principal, { now, ip, allowSelf });
  requireOwnerLeft(snapshot, draft, effect.touched, { now, ip, expiryMoved: effect.expiryMoved === true });

  if (options.dryRun === true) return spec.dryRun?.(effect) ?? dryRun(snapshot, draft, effect, now);
  const answer = effect.warnings?.length ? { ...effect.answer, warnings: effect.warnings } : effect.answer;
  if (!draft.changed) return answer;
  const parts = effect.parts ?? [];
  for (const part of parts) recordEvents(draft, { ...spec, ...part }, principal, part.effect, now);
  recordEvents(draft, spec, principal, effect, now);
  if (replay !== undefined) {
    const allMinted = parts.flatMap(({ effect: { minted } }) => minted ?? []);
    const isOwn = [effect.minted, ...allMinted].some((minted) => minted?.address === principal.token.address);
    const retired = isOwn || principal.audience === 'enrolment' ? { retired: principal.hash } : {};
    const kept: Recorded = {
      answer,
      ...(effect.minted && { minted: effect.minted }),
      ...(allMinted.length > 0 && { allMinted }),
      ...retired,
    };
    recordReplay(draft, ambient, replay.scope, replay.request, kept);
  }
  draft.commit();
  return answer;
}

/** The recorded answer. A narrow token of the same account gets no secret out of it that it could not have made. */
function repeated(snapshot: Snapshot, principal: Principal, { answer, minted, allMinted = [] }: Recorded): Answer {
  mapLoaded(minted === undefined ? allMinted : [minted], ({ address }) => {
    const made = snapshot.resource(address);
    if (made === undefined) return;
    if (kindNamed(made.kind).token !== undefined) requireTokenRights(snapshot, principal, address, made.attributes);
    else requireEveryRight(snapshot, principal, made.organization, holderCarries(snapshot, made, made.attributes));
  });
  return answer;
}

/**
 * The recorded answer for somebody who presents the secret that this very request has retired the first time: of that
 * answer the retry may have been lost, and nothing else opens with it. `undefined` for everybody else.
 */
export function retiredReplay(snapshot: Snapshot, ambient: Ambient, spec: WriteSpec): Answer | undefined {
  const { caller } = spec.options;
  const hash = presentedHash(ambient, caller.credential);
  const secret = hash === undefined ? undefined : snapshot.secret(hash);
  const former = secret && snapshot.resource(secret.address);
  if (secret === undefined || former === undefined || former.uid !== secret.uid) return undefined;
  if (!addressAllowed(former.attributes, caller.ip)) return undefined;
  const holder = kindNamed(former.kind).token === undefined ? former : snapshot.resource(former.parent);
  const replay = holder && replayFor(ambient, spec, accountOf(former, holder, hash as string));
  const recorded = replay && findReplay(snapshot, ambient, replay.scope, replay.request);
  return recorded?.retired === hash ? recorded?.answer : undefined;
}

/**
 * To whom an Idempotency-Key belongs: all tokens of one holder retry for each other, but an enrolment, the secret that
 * `hash` stands for, only for itself. Whoever makes another one for the user learns nothing of what the first has opened.
 */
function accountOf(token: Resource, holder: Resource, hash: string): string {
  return kindNamed(token.kind).token === undefined ? hash : holder.uid;
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
    plan: {
      outcome,
      changed: effect.changed,
      cuts_off: cutsOff(before, after, effect.touched, now),
      warnings: effect.warnings ?? [],
    },
  };
}

// A dry run mints a secret only to throw it away; nobody should come to rely on one that was never stored.
function withoutSecret(resource: JsonObject): JsonObject {
  const { secret: _secret, ...rest } = resource;
  return rest;
}

/** The event of a write, and one for each resource that goes with another: people look for it at its own address too. */
function recordEvents(draft: Draft, spec: Recordable, principal: Principal, effect: Effect, now: number): void {
  const event = auditEvent(spec, principal, effect, now);
  draft.record(event);
  for (const other of effect.alongWith ?? []) draft.record({ ...event, ...other, details: { with: event.address } });
}

type Recordable = Pick<WriteSpec, 'address' | 'action' | 'options'>;

function auditEvent(spec: Recordable, principal: Principal, effect: Effect, now: number) {
  const { manager, adopt, claim } = spec.options;
  return {
    organization: organizationOf(spec.address),
    at: now,
    actor: principal.identifier,
    actor_token: principal.token.address,
    action: spec.action,
    address: effect.address ?? spec.address,
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
