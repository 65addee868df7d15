/** The single writes of which a manifest's own consists, in the order in which they are tried. */
import { kindAt, parentOf } from '../../../terraform-provider-spec/address.ts';
import { referencesIn } from '../../../terraform-provider-spec/derive/references.ts';
import { readBody, type Violation } from '../../../terraform-provider-spec/derive/validate.ts';
import type { JsonObject, Kind } from '../../../terraform-provider-spec/kind.ts';
import { childKinds } from '../../../terraform-provider-spec/kinds/index.ts';
import { type Member, managerOf, pointerOf } from '../../../terraform-provider-spec/manifest.ts';
import type { ManifestRequest, WriteOptions } from '../api.ts';
import { deleteSpec } from '../delete.ts';
import type { Ambient } from '../identity.ts';
import type { Resource } from '../model.ts';
import { Problem } from '../problem.ts';
import { putSpec } from '../put.ts';
import type { Context, Effect } from '../write.ts';

/** What a single write needs to be told besides its address. */
export type StepOptions = Pick<WriteOptions, 'caller' | 'manager' | 'adopt' | 'allowSelf'>;

/** The options of the single writes of a manifest. Throws `invalid-header` where another manager is named. */
export function stepOptions({ address, caller, manager, adopt, allowSelf }: ManifestRequest): StepOptions {
  const own = managerOf(address);
  if (manager !== undefined && manager !== own) {
    throw new Problem('invalid-header', `What this manifest declares is managed by "${own}", not by "${manager}".`);
  }
  return { caller, manager: own, ...(adopt === true && { adopt }), ...(allowSelf === true && { allowSelf }) };
}

/** One of the writes. `run` authorizes and decides it on the draft, and throws as the write by itself would. */
export interface Step {
  readonly action: 'put' | 'delete';
  readonly kind: Kind;
  readonly address: string;
  /** Where the tree declares it; `''` for what it no longer does. */
  readonly pointer: string;
  run(context: Context): Effect;
}

/** The PUT of one resource of the tree. */
export interface Declared extends Step {
  /** The desired state, with defaults. */
  readonly desired: JsonObject;
  /** Addresses of what has to be there first: what it lies in, and what it refers to. */
  readonly dependsOn: readonly string[];
  /** The hash as it is stored of a secret that the caller made; `undefined` where the daemon makes one, or none is made. */
  storedHash(ambient: Ambient): string | undefined;
}

/** The PUT of a member, or what is wrong with its body: pointers into the tree. */
export function declare(
  { kind, address, pointer, body }: Member,
  organization: string,
  options: StepOptions,
): Declared | { readonly violations: readonly Violation[] } {
  const reading = readBody(kind, body);
  if (!reading.ok) {
    return { violations: reading.violations.map((one) => ({ ...one, pointer: pointer + one.pointer })) };
  }
  const references = referencesIn(kind, organization, reading.desired).map((reference) => reference.address);
  return new DeclaredPut({ kind, address, options }, reading.desired, [parentOf(address), ...references]);
}

/** There are thousands of them for as long as a manifest is written, so each holds no more than it has to, and nothing of what was sent. */
class DeclaredPut implements Declared {
  readonly kind: Kind;
  readonly address: string;
  readonly desired: JsonObject;
  readonly dependsOn: readonly string[];
  readonly #options: StepOptions;
  #hash: string | undefined;

  constructor(
    { kind, address, options }: { kind: Kind; address: string; options: StepOptions },
    desired: JsonObject,
    dependsOn: readonly string[],
  ) {
    this.kind = kind;
    this.address = address;
    this.desired = desired;
    this.dependsOn = dependsOn;
    this.#options = options;
  }

  get action(): 'put' {
    return 'put';
  }

  get pointer(): string {
    return pointerOf(this.address);
  }

  storedHash(ambient: Ambient): string | undefined {
    const { secret_hash: given } = this.desired;
    if (typeof given !== 'string') return undefined;
    this.#hash ??= ambient.keyring.hashSecret(given.slice('sha256:'.length));
    return this.#hash;
  }

  run(context: Context): Effect {
    const { address, desired } = this;
    const own = { ...context, options: this.#options };
    const spec = putSpec({ ...this.#options, address, body: null }, { ok: true, desired });
    spec.authorize(own.draft, own.principal);
    return spec.decide(own);
  }
}

/**
 * The DELETE of what the tree no longer declares. A live token is revoked with it, where its profile asks for that. What
 * lies below and this manifest does not manage is no more its own to delete than anything else, also where it adopts: that is
 * for what it declares, and what goes with another is declared by nobody.
 */
export function remove({ address }: Resource, { adopt: _declared, ...options }: StepOptions): Step {
  const kind = kindAt(address);
  const spec = deleteSpec({ ...options, address, revoke: true });
  return {
    action: 'delete',
    kind,
    address,
    pointer: '',
    run(context) {
      const own = { ...context, options };
      spec.authorize(own.draft, own.principal);
      if (childKinds(kind).length > 0) for (const below of own.draft.children(address)) requireOwn(below, options);
      return spec.decide(own);
    },
  };
}

/** Throws `managed-by-another` for what would go with what it lies in, and is not the manifest's. */
function requireOwn({ address, managed_by: manager }: Resource, { manager: own }: StepOptions): void {
  if (manager === own) return;
  throw new Problem(
    'managed-by-another',
    `${address} is managed by ${manager === null ? 'nobody' : `"${manager}"`}, and would go with what it lies in. ` +
      'Delete it first, or declare and adopt it.',
  );
}
