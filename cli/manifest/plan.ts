/**
 * What an apply would do, by the daemon's word. The secrets that it would bring are decided here: which tokens need a new
 * one, and which of those that an earlier apply made are already there.
 */
import type { Client, WriteOptions } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import { withArticle } from '../../terraform-provider-spec/article.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { TOKEN_KINDS, writtenKind } from '../../terraform-provider-spec/kinds/index.ts';
import { mintToken, secretHash } from '../../terraform-provider-spec/token.ts';
import type { Delivery } from './check.ts';
import { isObject } from './json.ts';
import { PATIENCE } from './patience.ts';
import { type StaleSink, staleSinks } from './stale.ts';

export interface Change {
  readonly address: string;
  readonly kind: string;
  readonly outcome: 'created' | 'updated' | 'rotated' | 'deleted';
  /** Names of attributes. */
  readonly changed: readonly string[];
  /** The values of those that were there; not told by a daemon that is older. */
  readonly before?: JsonObject;
  /** Only of what is taken over: who manages it until then, null for nobody. */
  readonly taken_over_from?: string | null;
  /** What stops working, for people. */
  readonly effects: readonly string[];
  readonly warnings: readonly string[];
}

/** How many resources the daemon brings to which outcome. */
export type Outcomes = Readonly<Record<'created' | 'updated' | 'rotated' | 'deleted' | 'unchanged', number>>;

/** `taken_over` are among the updated and rotated ones. */
export type Summary = Outcomes & { readonly taken_over: number };

/** What the daemon answers to a PUT of a manifest, as far as it is used. */
export interface ManifestAnswer {
  /** Of the manifest itself. */
  readonly outcome: string;
  readonly changes: readonly Change[];
  readonly summary: Outcomes;
  readonly due: readonly string[];
  readonly undelivered: readonly string[];
  /** Tokens that work no more though the tree does not say so; not told by a daemon that is older. */
  readonly ended?: readonly Ended[];
}

export interface Ended {
  readonly address: string;
  readonly status: 'expired' | 'revoked';
  /** For people. */
  readonly reason: string | null;
}

export interface Plan {
  /** The address of the manifest. */
  readonly manifest: string;
  /** The body of the PUT. */
  readonly tree: JsonObject;
  readonly answer: ManifestAnswer;
  /** What is due and undelivered before the apply, of which the answer only says what it leaves. */
  readonly before: Pick<ManifestAnswer, 'due' | 'undelivered'>;
  /** For `If-Match`. */
  readonly etag: string | undefined;
  /** Secrets that the PUT brings, by address. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Secrets of an earlier apply that are in force and may not have been delivered. */
  readonly pending: ReadonlyMap<string, string>;
  /** Tokens whose secret would be made by nobody and go nowhere: they need a `deliver` or a `secret_hash`. */
  readonly homeless: readonly string[];
  /** Tokens with a secret that was made by hand and given by its hash: there is nothing left to deliver. */
  readonly byHand: readonly string[];
  /** Sinks that hold another secret than their token has, as far as they can be read. */
  readonly stale: readonly StaleSink[];
  /** Only of a plan of `--only-due`; `leftAlone` is `undefined` where the daemon refuses the manifest as a whole. */
  readonly onlyDue?: { readonly leftAlone: LeftAlone | undefined };
}

/** The differences that an apply of the whole would end, and `--only-due` does not. */
export interface LeftAlone {
  /** Addresses, sorted. */
  readonly differing: readonly string[];
  /** How many resources are as they are declared. */
  readonly unchanged: number;
}

export interface PlanRequest {
  readonly client: Client;
  /** The address of the manifest. */
  readonly manifest: string;
  readonly tree: JsonObject;
  readonly deliveries: readonly Delivery[];
  /** Secrets that an earlier apply has left in its journal, by address. */
  readonly journal: ReadonlyMap<string, string>;
  readonly options: WriteOptions;
}

/** Each round leaves out at least one secret of the journal, or is the last. */
export async function makePlan(request: PlanRequest): Promise<Plan> {
  const { deliveries, journal } = request;
  const bare = await dryRun(request, request.tree);
  const isNew = new Set(
    bare.answer.changes.filter(({ outcome }) => outcome === 'created').map(({ address }) => address),
  );
  const needs = needingSecrets(bare.answer);
  const former = new Map([...journal].filter(([address]) => deliveries.some((one) => one.address === address)));
  const fresh = new Map<string, string>();
  for (;;) {
    for (const { address, kind, purpose } of deliveries) {
      if (!needs.has(address) || former.has(address) || fresh.has(address)) continue;
      const written = writtenKind(kind, purpose);
      if (written === undefined) throw new TypeError(`${withArticle(kind.title)} has no secret`);
      fresh.set(address, mintToken(written));
    }
    const brought = new Map([...former, ...fresh]);
    const tree = withHashes(request.tree, deliveries, brought);
    // The plan of what is created is the same with its secrets and without them.
    const isSame = former.size === 0 && [...fresh.keys()].every((address) => isNew.has(address));
    const run = isSame ? bare : await dryRunOrStale({ ...request, former }, tree);
    if (run === undefined) continue;
    const changed = new Map(run.answer.changes.map((change) => [change.address, change.outcome]));
    const isBrought = (address: string) => changed.get(address) === 'created' || changed.get(address) === 'rotated';
    const useless = [...former.keys()].filter((address) => isBrought(address) && !needs.has(address));
    for (const address of useless) former.delete(address);
    if (useless.length > 0) continue;
    const secrets = new Map([...brought].filter(([address]) => isBrought(address)));
    const pending = new Map([...former].filter(([address]) => !isBrought(address)));
    const isServed = ({ address }: Delivery) => secrets.has(address) || pending.has(address);
    return {
      manifest: request.manifest,
      tree,
      answer: run.answer,
      before: bare.answer,
      etag: run.etag,
      secrets,
      pending,
      stale: await staleSinks(
        request,
        deliveries.filter((one) => !isServed(one)),
      ),
      homeless: homelessIn(run.answer, tree),
      byHand: run.answer.undelivered.filter(
        (address) => typeof bodyAt(request.tree, address)?.secret_hash === 'string',
      ),
    };
  }
}

/** Whether there is anything to do. */
export function isEmpty({ answer, pending, byHand }: Plan): boolean {
  return answer.outcome === 'unchanged' && pending.size === 0 && byHand.length === 0;
}

/** How many resources come to what, without counting as unchanged what differs and is left alone. */
export function summaryOf({ onlyDue }: Plan, { summary, changes }: ManifestAnswer): Summary {
  const { unchanged = summary.unchanged } = onlyDue?.leftAlone ?? {};
  const taken = changes.filter(isTakenOver).length;
  return { ...summary, unchanged, taken_over: taken };
}

/** Whether somebody else, or nobody, manages it until then. */
export function isTakenOver(change: Change): boolean {
  return change.taken_over_from !== undefined;
}

/** Whether the token was there, and makes room for one of the same name: under a profile that allows no other secret. */
export function isReplaced({ address, outcome }: Change, { before, secrets }: Plan): boolean {
  // One that is new in the tree is undelivered only with its secret, and that one came later.
  return outcome === 'created' && secrets.has(address) && before.undelivered.includes(address);
}

export interface DryRun {
  readonly answer: ManifestAnswer;
  readonly etag: string | undefined;
}

/** What the daemon says to a tree. */
export async function dryRun(
  { client, manifest, options }: Pick<PlanRequest, 'client' | 'manifest' | 'options'>,
  tree: JsonObject,
): Promise<DryRun> {
  const { resource, etag } = await client.planManifest(manifest, tree, { ...PATIENCE, ...options });
  return { answer: resource as unknown as ManifestAnswer, etag };
}

/**
 * A secret of the journal that was replaced since, or whose token got another marker, is refused by the daemon with its
 * place. Those are left out of `former`, and the answer is `undefined`: a next round is due.
 */
async function dryRunOrStale(
  request: PlanRequest & { readonly former: Map<string, string> },
  tree: JsonObject,
): Promise<DryRun | undefined> {
  const { deliveries, former } = request;
  try {
    return await dryRun(request, tree);
  } catch (error) {
    if (!(error instanceof ApiError) || error.errors.length === 0) throw error;
    const refused = deliveries.filter(
      ({ address, pointer }) =>
        former.has(address) && error.errors.some((one) => `${one.pointer}/`.startsWith(`${pointer}/`)),
    );
    if (refused.length === 0) throw error;
    for (const { address } of refused) former.delete(address);
    return undefined;
  }
}

function needingSecrets({ changes, due }: ManifestAnswer): Set<string> {
  const made = changes.filter(({ outcome }) => outcome === 'created' || outcome === 'rotated');
  return new Set([...made.map(({ address }) => address), ...due]);
}

/** `tree` with the hashes of secrets at the tokens that they are for. */
function withHashes(
  tree: JsonObject,
  deliveries: readonly Delivery[],
  secrets: ReadonlyMap<string, string>,
): JsonObject {
  const whole = structuredClone(tree);
  for (const { address, pointer } of deliveries) {
    const secret = secrets.get(address);
    if (secret === undefined) continue;
    const segments = pointer.split('/').slice(1);
    const name = segments.pop() as string;
    const collection = segments.reduce((at, segment) => at[segment] as JsonObject, whole);
    // In YAML, a name with nothing behind it is null.
    collection[name] = { ...(collection[name] as JsonObject | null), secret_hash: secretHash(secret) };
  }
  return whole;
}

/** Tokens of which the daemon itself would have to make a secret. */
function homelessIn({ changes }: ManifestAnswer, tree: JsonObject): string[] {
  return changes
    .filter(({ outcome, kind }) => (outcome === 'created' || outcome === 'rotated') && isToken(kind))
    .map(({ address }) => address)
    .filter((address) => typeof bodyAt(tree, address)?.secret_hash !== 'string');
}

function isToken(name: string): boolean {
  return TOKEN_KINDS.some(({ kind }) => kind === name);
}

/** What a tree holds for the resource at an address; `undefined` where that is nothing or only a name. */
export function bodyAt(tree: JsonObject, address: string): JsonObject | undefined {
  const found = valueAt(tree, address);
  return isObject(found) ? found : undefined;
}

/** Whether a tree declares the resource at an address, if only by its name. */
export function isDeclared(tree: JsonObject, address: string): boolean {
  return valueAt(tree, address) !== undefined;
}

function valueAt(tree: JsonObject, address: string): Json | undefined {
  let found: Json | undefined = tree;
  for (const segment of address.split('/').slice(2)) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, segment)) return undefined;
    found = (found as JsonObject)[segment];
  }
  return found;
}
