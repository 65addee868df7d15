import { DEFAULT_MANAGER } from '../../terraform-provider-spec/derive/provider-settings.ts';
import type { ValueRecord } from '../values/value.ts';

/**
 * What the provider remembers of a resource beside its attributes. Terraform stores it in the clear and hands it on to
 * whatever replaces the resource, so it holds flags and a name, and no secret.
 */
export interface PrivateState {
  /** To be taken over by the first write: it was imported, and not written since; or the provider has another manager now. */
  readonly imported?: true;
  /** Somebody else has rotated the token: the secret in the state is not the current one. */
  readonly stale?: true;
  /** At the last refresh the schedule of the token asked for a rotation. */
  readonly due?: true;
  /** The manager under which this configuration has last written it; the default one if left out. */
  readonly manager?: string | undefined;
}

/** Reads what `encodePrivate` wrote; nothing, or what another version wrote, is no flag. */
export function decodePrivate(bytes: Uint8Array): PrivateState {
  if (bytes.length === 0) return {};
  const { imported, stale, due, manager } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
  return {
    ...(imported === true ? { imported } : {}),
    ...(stale === true ? { stale } : {}),
    ...(due === true ? { due } : {}),
    ...(typeof manager === 'string' ? { manager } : {}),
  };
}

/** No bytes when there is nothing to remember, so that such a resource has no private state at all. */
export function encodePrivate({ manager, ...flags }: PrivateState): Uint8Array {
  const state = manager === undefined || manager === DEFAULT_MANAGER ? flags : { ...flags, manager };
  return Object.keys(state).length === 0 ? new Uint8Array() : Buffer.from(JSON.stringify(state), 'utf8');
}

/**
 * Whether the provider has got another `manager` since it wrote what `prior` is the state of, and nobody else has taken that over:
 * then it goes along. The state alone does not tell: what another has taken over has a foreign manager there, too.
 */
export function isRenamed(written: PrivateState, prior: ValueRecord | null, manager: string | undefined): boolean {
  const former = written.manager ?? DEFAULT_MANAGER;
  return prior !== null && manager !== undefined && former !== manager && prior.managed_by === former;
}
