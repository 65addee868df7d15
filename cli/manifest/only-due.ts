/** `--only-due`: what is there is planned as it is, so that nothing comes of it but the rotations that are due. */
import type { Client, WriteOptions } from '../../client/client.ts';
import { ApiError } from '../../client/errors.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { CliError, EXIT } from '../exit.ts';
import { declaredBy, readResources, treeOf } from './export.ts';
import { PATIENCE } from './patience.ts';
import { dryRun, isReplaced, type LeftAlone, type Plan } from './plan.ts';

export interface OnlyDueRequest {
  readonly client: Client;
  /** The address of the manifest. */
  readonly manifest: string;
  /** The name of the manifest. */
  readonly name: string;
  readonly options: WriteOptions;
}

/** The tree of what the manifest declared and manages, as it is now. Rejects with `CliError` when it was never applied. */
export async function treeAsItIs({ client, manifest, name, options }: OnlyDueRequest): Promise<JsonObject> {
  const declared = await declaredBy(client, manifest, options);
  if (declared === undefined) {
    throw new CliError(`the manifest ${name} was never applied: there is nothing that could be due`, {
      code: 'not-applied',
    });
  }
  const isOwn = (one: { managed_by?: unknown; address?: unknown }) =>
    one.managed_by === `manifest/${name}` && declared.has(String(one.address));
  const organization = manifest.split('/').slice(0, 2).join('/');
  return treeOf(await readResources(client, organization, isOwn, { ...PATIENCE, ...options }));
}

/**
 * The tree of `--only-due` was read in several answers. What was declared in between, or is below what somebody else has taken over,
 * would be missing in it, and deleted. Throws `CliError` for a plan that is more than rotations.
 */
export function requireOnlyRotations(plan: Plan): void {
  const others = plan.answer.changes
    .filter((change) => change.outcome !== 'rotated' && !isReplaced(change, plan))
    .map(({ address }) => address);
  if (others.length === 0) return;
  throw new CliError(
    `--only-due would change more than what is due (${others.slice(0, 3).join(', ')}): something has changed meanwhile or is ` +
      "managed by somebody else. Repeat it, or look at the whole with 'accredit plan'",
    { status: EXIT.conflict, code: 'not-only-due' },
  );
}

/**
 * What a plan of `--only-due` leaves, by one more dry run, of the whole `tree`; `undefined` where the daemon refuses that: what is due
 * is rotated all the same.
 */
export async function leftAloneBy(
  plan: Plan,
  tree: JsonObject,
  { client, manifest, options }: OnlyDueRequest,
): Promise<LeftAlone | undefined> {
  try {
    const { answer } = await dryRun({ client, manifest, options }, tree);
    const differing = new Set(answer.changes.map(({ address }) => address));
    // What is due may be as declared but for its secret, and is counted with what is done.
    const done = plan.answer.changes.filter(({ address }) => !differing.has(address)).length;
    return { differing: [...differing].sort(), unchanged: answer.summary.unchanged - done };
  } catch (error) {
    if (error instanceof ApiError && error.status < 500 && error.status !== 401) return undefined;
    throw error;
  }
}
