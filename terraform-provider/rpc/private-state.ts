/**
 * What the provider remembers of a resource beside its attributes. Terraform stores it in the clear and hands it on to
 * whatever replaces the resource, so it holds flags and nothing else.
 */
export interface PrivateState {
  /** Imported, and not written since: the first write adopts it. */
  readonly imported?: true;
  /** Somebody else has rotated the token: the secret in the state is not the current one. */
  readonly stale?: true;
  /** At the last refresh the schedule of the token asked for a rotation. */
  readonly due?: true;
}

/** Reads what `encodePrivate` wrote; nothing, or what another version wrote, is no flag. */
export function decodePrivate(bytes: Uint8Array): PrivateState {
  if (bytes.length === 0) return {};
  const { imported, stale, due } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
  return {
    ...(imported === true ? { imported } : {}),
    ...(stale === true ? { stale } : {}),
    ...(due === true ? { due } : {}),
  };
}

/** No bytes when there is no flag, so that a resource without any has no private state at all. */
export function encodePrivate(state: PrivateState): Uint8Array {
  return Object.keys(state).length === 0 ? new Uint8Array() : Buffer.from(JSON.stringify(state), 'utf8');
}
