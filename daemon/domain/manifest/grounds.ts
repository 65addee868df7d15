/**
 * What a plan rests on: read before anything is decided, so that the rows of thousands of resources come with a handful
 * of statements, and summed up, so that a plan can be applied as it was shown or not at all.
 */
import { createHash } from 'node:crypto';
import { ancestorsOf, kindAt, organizationOf } from '../../../terraform-provider-spec/address.ts';
import { canonicalDesired, changedAttributes } from '../../../terraform-provider-spec/derive/validate.ts';
import { childKinds, isReferenced, kindNamed } from '../../../terraform-provider-spec/kinds/index.ts';
import { managerOf } from '../../../terraform-provider-spec/manifest.ts';
import { isBuiltInAddress } from '../built-in.ts';
import type { Ambient } from '../identity.ts';
import type { Resource } from '../model.ts';
import { NotLoaded, type Snapshot } from '../snapshot.ts';
import { tokenState } from '../token-state.ts';
import { etagOf } from '../view.ts';
import { Gathering } from './gathering.ts';
import { declaredBy } from './record.ts';
import type { Declared, StepOptions } from './steps.ts';

/** With what the entity tag of a plan begins; that of a stored state never does. */
export const PLAN = 'plan.';

export interface Grounds {
  /** What the manifest declared and manages, and the tree does not declare. */
  readonly leaving: readonly Resource[];
  /**
   * The entity tag of a plan: another one as soon as anything of what the plan rests on has changed, and for anything else
   * that is asked for.
   */
  etag(): Generator<void, string>;
}

/**
 * Reads what deciding the steps will ask for. Throws `NotLoaded` for as much of it at once as can be known.
 *
 * The entity tag covers every row that is declared or was, what those lie in and refer to, and theirs in turn; what lies
 * below the accounts, apps and users that change or go, what refers to what goes, and emergency revocations; and what is
 * asked for: the desired states, an adoption, an end of the caller's own credential. It does not cover who asks, when
 * secrets were last used, and the secrets that the request brings.
 */
export function* groundsOf(
  snapshot: Snapshot,
  {
    address,
    options,
    steps,
    ambient,
  }: { address: string; options: StepOptions; steps: readonly Declared[]; ambient: Ambient },
): Generator<void, Grounds> {
  const manager = managerOf(address);
  const gathering = new Gathering();
  const resource = (at: string) => gathering.read(() => snapshot.resource(at));
  const manifest = snapshot.resource(address);
  const declared = new Set(steps.map((step) => step.address));
  const former = declaredBy(manifest).filter((one) => !declared.has(one));
  requireLoaded(snapshot, former, steps, ambient);
  const leaving = former.flatMap((one) => resource(one) ?? []).filter((one) => one.managed_by === manager);

  const lines: string[] = [line(address, manifest)];
  const covered = yield* coveredRows(resource, [
    organizationOf(address),
    ...declared,
    ...former,
    ...steps.flatMap(({ dependsOn }) => dependsOn),
    ...leaving.flatMap((one) => ancestorsOf(one.address)),
  ]);
  for (const [at, row] of covered) lines.push(line(at, row));

  const changing = [...leaving];
  for (const step of steps) {
    yield;
    const stored = covered.get(step.address);
    const changes = stored === undefined || isChanging(step, stored, manager);
    if (stored !== undefined && changes) changing.push(stored);
    // How deep the tree of projects is below one that comes to lie in another.
    if (changes && typeof step.desired.parent === 'string') gathering.read(() => snapshot.withKey(step.address));
    const hash = step.storedHash(ambient);
    if (hash === undefined) continue;
    // Whether the secret was ever in use, and what becomes of the one that it replaces.
    gathering.read(() => snapshot.secret(hash));
    if (stored !== undefined && tokenState(stored).current.hash !== hash) readFate(gathering, snapshot, stored);
  }
  for (const row of changing) {
    yield;
    const kind = kindNamed(row.kind);
    if (childKinds(kind).length > 0) {
      const below = gathering.read(() => snapshot.children(row.address)) ?? [];
      for (const one of below) lines.push(line(one.address, one));
      for (const one of below) readFate(gathering, snapshot, one);
    }
    if (kind.token !== undefined) readFate(gathering, snapshot, row);
  }
  for (const { address: at, kind } of leaving) {
    if (!isReferenced(kindNamed(kind))) continue;
    const referrers = gathering.read(() => snapshot.withKey(at)) ?? [];
    lines.push(`${at}<${referrers.map((one) => one.address).join()}`);
  }
  for (const at of tokensAmong([
    ...steps,
    ...leaving.map((one) => ({ address: one.address, kind: kindNamed(one.kind) })),
  ])) {
    const latch = gathering.read(() => snapshot.revocation(at));
    if (latch !== undefined) lines.push(`${at}!${latch.created_at}`);
  }
  gathering.done();
  return { leaving, etag: () => etagOver(lines, steps, options) };
}

function* etagOver(
  lines: readonly string[],
  steps: readonly Declared[],
  { adopt = false, allowSelf = false }: StepOptions,
): Generator<void, string> {
  const digest = createHash('sha256');
  for (const line of [...new Set(lines)].sort()) digest.update(`${line}\n`);
  for (const step of steps) {
    yield;
    digest.update(`${step.address} ${canonicalDesired(step.kind, step.desired)}\n`);
  }
  return PLAN + digest.update(JSON.stringify({ adopt, allowSelf })).digest('base64url');
}

/** Throws `NotLoaded` for all that is needed in any case, if that is not there: to find it out row by row costs more. */
function requireLoaded(
  snapshot: Snapshot,
  former: readonly string[],
  steps: readonly Declared[],
  ambient: Ambient,
): void {
  const [first] = [...steps.map((step) => step.address), ...former];
  if (first === undefined) return;
  const probe = new Gathering();
  probe.read(() => snapshot.resource(first));
  if (!probe.lacks) return;
  const resources = new Set(former);
  for (const step of steps) {
    resources.add(step.address);
    for (const needed of step.dependsOn) if (isStored(needed)) resources.add(needed);
  }
  const members = [...steps, ...former.map((address) => ({ address, kind: kindAt(address) }))];
  throw new NotLoaded({
    resources: [...resources],
    revocations: tokensAmong(members),
    secrets: steps.flatMap((step) => step.storedHash(ambient) ?? []),
    keys: steps.filter(({ desired }) => typeof desired.parent === 'string').map((step) => step.address),
  });
}

/** Rows by address, `undefined` for what is not there: those at `start`, and what they refer to in turn. */
function* coveredRows(
  resource: (address: string) => Resource | undefined,
  start: readonly string[],
): Generator<void, ReadonlyMap<string, Resource | undefined>> {
  const covered = new Map<string, Resource | undefined>();
  let next = start;
  while (next.length > 0) {
    const found: string[] = [];
    for (const at of next) {
      yield;
      if (covered.has(at) || !isStored(at)) continue;
      const row = resource(at);
      covered.set(at, row);
      if (row === undefined) continue;
      // Other keys are names under which something is looked up.
      for (const key of row.keys) if (!key.includes('?') && !covered.has(key)) found.push(key);
    }
    next = found;
  }
  return covered;
}

/** Whether the step would change the row, whatever secret comes with it. */
function isChanging({ kind, desired }: Declared, stored: Resource, manager: string): boolean {
  return stored.managed_by !== manager || changedAttributes(kind, stored.attributes, desired).length > 0;
}

/** What is told about a token that changes or goes: whether it works, and when it was last used. */
function readFate(gathering: Gathering, snapshot: Snapshot, token: Resource): void {
  const { current, previous } = tokenState(token);
  gathering.read(() => snapshot.revocation(token.address));
  gathering.read(() => snapshot.secret(current.hash));
  if (previous !== null) gathering.read(() => snapshot.secret(previous.hash));
}

function tokensAmong(members: readonly Pick<Declared, 'address' | 'kind'>[]): string[] {
  return members.filter(({ kind }) => kind.token !== undefined).map(({ address }) => address);
}

/** Built-in roles and profiles are code and no rows. */
function isStored(address: string): boolean {
  return !isBuiltInAddress(address);
}

function line(address: string, row: Resource | undefined): string {
  return `${address}=${row === undefined ? '' : etagOf(row)}`;
}
