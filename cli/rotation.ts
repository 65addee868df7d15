/** A rotation with a secret that is made here, so that no answer that is lost can lose it. */
import { createHash } from 'node:crypto';
import type { Client, Written } from '../client/client.ts';
import { ApiError, ConnectionError } from '../client/errors.ts';
import type { JsonObject } from '../terraform-provider-spec/kind.ts';
import { secretHash } from '../terraform-provider-spec/token.ts';
import { CliError, EXIT, Interrupted } from './exit.ts';

export interface Rotation {
  readonly address: string;
  readonly secret: string;
  readonly overlap?: string | undefined;
  readonly ifRotatedAt?: string | undefined;
  readonly allowSelf?: boolean | undefined;
  readonly signal?: AbortSignal;
}

/** Whether the daemon took the secret is not known. The message says what to do; the secret must not be thrown away. */
export class RotationUnknown extends CliError {
  override readonly name = 'RotationUnknown';
}

/** How long is asked, after an answer was lost, whether the secret works. Milliseconds. */
const PROBE = 5_000;

/**
 * Rotates the token to `secret`. The same call again, by this process or by another within 24 hours, finds what the first one did.
 * `probe` is a client that authenticates with the new secret: it settles what a lost answer left open. Rejects with
 * `RotationUnknown` where that cannot be settled either; every other error means that nothing was changed.
 */
export async function rotateTo(client: Client, probe: Client, rotation: Rotation): Promise<Written | undefined> {
  const { address, secret, overlap, ifRotatedAt, allowSelf, signal } = rotation;
  const body: JsonObject = {
    secret_hash: secretHash(secret),
    ...(overlap !== undefined && { overlap }),
    ...(ifRotatedAt !== undefined && { if_rotated_at: ifRotatedAt }),
  };
  try {
    return await client.rotate(address, body, {
      // Of the secret, and yet nothing by which it could be found.
      idempotencyKey: createHash('sha256').update(`accredit rotate ${secret}`).digest('hex').slice(0, 40),
      ...(allowSelf && { allowSelf }),
      ...(signal !== undefined && { signal }),
    });
  } catch (error) {
    if (!mayHaveHappened(error)) throw error;
    const works = await opens(probe, address);
    if (works === true) return undefined;
    if (works === false && error instanceof ApiError && error.status < 500) throw error;
    throw new RotationUnknown(
      `no answer came: whether ${address} was rotated is not known (${(error as Error).message})`,
      { status: error instanceof Interrupted ? error.status : EXIT.unavailable, code: 'rotation-unknown' },
    );
  }
}

/**
 * Also where a repetition is refused, which the first request may have been the reason of, as with the caller's own token, and where the
 * secret was taken by an earlier run.
 */
function mayHaveHappened(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof Interrupted) return true;
  if (!(error instanceof ApiError)) return false;
  if (error.isRepeated) return true;
  return error.status >= 500 || error.status === 401 || ['secret-in-use', 'unexpected-answer'].includes(error.code);
}

/** Whether the secret is that of the token now; `undefined` if nobody tells. */
async function opens(probe: Client, address: string): Promise<boolean | undefined> {
  try {
    return (await probe.self({ deadline: PROBE })).token === address;
  } catch (error) {
    return error instanceof ApiError && error.status === 401 ? false : undefined;
  }
}
