/** What a manifest's write answers: what was done to which resource, in order, and what it cuts off. */
import { COMMON_READ_ONLY } from '../../../terraform-provider-spec/common.ts';
import { writableAttributes } from '../../../terraform-provider-spec/derive/validate.ts';
import { formatTimestamp } from '../../../terraform-provider-spec/formats.ts';
import type { Json, JsonObject, Kind } from '../../../terraform-provider-spec/kind.ts';
import { MANIFEST_ATTRIBUTES } from '../../../terraform-provider-spec/manifest.ts';
import { cutsOff } from '../consequences.ts';
import { takesNewSecret } from '../kinds/token-renewal.ts';
import { mapLoaded } from '../loading.ts';
import type { Resource } from '../model.ts';
import { isRotationDue, isUndelivered, statusOf } from '../token-state.ts';
import type { Context } from '../write.ts';
import { Gathering } from './gathering.ts';
import { declaredBy } from './record.ts';
import type { Done } from './settle.ts';
import type { Declared } from './steps.ts';

/** The manifest's own attributes. */
export function presentManifest(manifest: Resource): JsonObject {
  const shown: JsonObject = {};
  for (const name of Object.keys(MANIFEST_ATTRIBUTES)) {
    if (!(name in COMMON_READ_ONLY)) continue;
    const value = manifest[name as keyof Resource] as Json;
    shown[name] = name.endsWith('_at') ? formatTimestamp(value as number) : value;
  }
  return { ...shown, declares: [...declaredBy(manifest)] };
}

/** What was done, and what is left to do: the changes, how many of each outcome, and the tokens that are due. */
export function* presentChanges(
  context: Context,
  done: readonly Done[],
  steps: readonly Declared[],
): Generator<void, JsonObject> {
  const { draft, now, options } = context;
  const summary: Record<string, number> = { created: 0, updated: 0, rotated: 0, deleted: 0, unchanged: 0 };
  const told = new Set<string>();
  const gathering = new Gathering();
  const changes: JsonObject[] = [];
  for (const { step, effect } of done) {
    yield;
    const { outcome, resource } = effect.answer;
    summary[outcome] = (summary[outcome] ?? 0) + 1;
    if (outcome === 'unchanged') continue;
    const cut = gathering.read(() => cutsOff(draft.base, draft, effect.touched, now)) ?? [];
    // An account that goes ends its tokens, which go by themselves before it: each end is told once.
    const effects = cut.filter((one) => !told.has(one));
    for (const one of effects) told.add(one);
    const changed = [...new Set(effect.changed.map((pointer) => pointer.split('/')[1] as string))];
    const stored = effect.touched.find(({ address }) => address === step.address);
    const isShown = options.dryRun === true && (outcome === 'updated' || outcome === 'rotated');
    const taken = formerManager(stored, draft.resource(step.address));
    changes.push({
      address: step.address,
      kind: step.kind.kind,
      outcome,
      changed,
      ...(isShown && stored !== undefined && { before: valuesBefore(step.kind, stored, changed) }),
      ...(taken !== undefined && { taken_over_from: taken }),
      effects,
      warnings: [...(effect.warnings ?? [])],
      ...(effect.minted !== undefined && options.dryRun !== true && { secret: resource?.secret as string }),
    });
  }
  const left = gathering.read(() => tokensLeft(context, steps));
  gathering.done();
  return { changes, summary, ...left };
}

/** Who managed what now has another manager, null for nobody; `undefined` for what stays in its hands. */
function formerManager(stored: Resource | undefined, row: Resource | undefined): string | null | undefined {
  if (stored === undefined || row === undefined || stored.managed_by === row.managed_by) return undefined;
  return stored.managed_by;
}

/** What a resource has of those attributes, as far as they can be written and read. */
function valuesBefore(kind: Kind, { attributes }: Resource, names: readonly string[]): JsonObject {
  const writable = writableAttributes(kind);
  return Object.fromEntries(
    names.flatMap((name): [string, Json][] => {
      const attribute = writable[name];
      if (attribute === undefined || attribute.writeOnly) return [];
      return [[name, attributes[name] ?? attribute.default ?? null]];
    }),
  );
}

/**
 * The tokens of the tree that are to get another secret, those whose present one nobody has confirmed, and those that work no more
 * though nothing in the tree says so.
 */
function tokensLeft({ draft, now }: Context, steps: readonly Declared[]): JsonObject {
  const due: string[] = [];
  const undelivered: string[] = [];
  const ended: JsonObject[] = [];
  mapLoaded(steps, ({ kind, address }) => {
    const token = kind.token === undefined ? undefined : draft.resource(address);
    if (token === undefined) return;
    const lost = isUndelivered(token);
    if (lost) undelivered.push(address);
    const { status, reason } = statusOf(draft, token, now);
    const isDeclared = token.attributes.state === 'revoked' && draft.revocation(address) === undefined;
    if ((status === 'revoked' && !isDeclared) || status === 'expired') ended.push({ address, status, reason });
    if (isRotationDue(token, status, now) || (lost && takesNewSecret(draft, token, status, now))) due.push(address);
  });
  return { due: due.sort(), undelivered: undelivered.sort(), ended };
}
