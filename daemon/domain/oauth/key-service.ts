/** The signing keys between decisions: made when first needed, published, and kept on their schedule. */
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import type { Ambient } from '../identity.ts';
import type { Read } from '../read.ts';
import type { Engine } from '../snapshot.ts';
import {
  genuineKeys,
  isScheduleDue,
  KEYS_NEEDED,
  keySet,
  scheduleKeysOperation,
  signingKeyAt,
} from './signing-keys.ts';

interface Parts {
  readonly ambient: Ambient;
  readonly read: Read;
  readonly engine: Engine;
}

/** The published keys. Makes the first one if there is none yet. */
export async function readKeySet({ ambient, read, engine }: Parts): Promise<JsonObject> {
  const find = () => read({ needs: KEYS_NEEDED, decide: (snapshot) => genuineKeys(snapshot, ambient) });
  const keys = await find();
  if (signingKeyAt(keys, ambient.now()) !== undefined) return keySet(keys, ambient.now());
  await engine.submit(scheduleKeysOperation(ambient, { first: true }));
  return keySet(await find(), ambient.now());
}

/** Publishes the next key and removes former ones when it is time. */
export async function keepKeysOnSchedule({ ambient, read, engine }: Parts): Promise<void> {
  const isDue = await read({ needs: KEYS_NEEDED, decide: (snapshot) => isScheduleDue(snapshot, ambient) });
  if (isDue) await engine.submit(scheduleKeysOperation(ambient, { first: false }));
}
