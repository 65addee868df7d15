/** Tells the daemon which secrets have reached those who need them, in one request however many there are. */
import type { Client, WriteOptions } from '../../client/client.ts';
import { secretHash } from '../../terraform-provider-spec/token.ts';
import type { Failure } from './apply.ts';
import { PATIENCE } from './patience.ts';
import { bodyAt, type Plan } from './plan.ts';

export interface ConfirmRequest {
  readonly client: Client;
  readonly plan: Plan;
  readonly options: WriteOptions;
}

/**
 * Confirms those secrets, by the address of their tokens, and the ones that were made by hand. Resolves with what the daemon does not
 * confirm. It is not to be interrupted: what has been delivered is known to be.
 */
export async function confirmAll(
  { client, plan, options }: ConfirmRequest,
  secrets: ReadonlyMap<string, string>,
): Promise<Failure[]> {
  const hashes = new Map([...secrets].map(([address, secret]) => [address, secretHash(secret)]));
  for (const address of plan.byHand) hashes.set(address, String(bodyAt(plan.tree, address)?.secret_hash));
  if (hashes.size === 0) return [];
  const failure = (address: string, why: string) => ({
    address,
    why: `the daemon does not confirm the delivery: ${why}`,
  });
  try {
    const refused = await client.confirmDeliveries(plan.manifest, hashes, {
      ...PATIENCE,
      ...options,
      signal: undefined,
    });
    return refused.map(({ address, detail }) => failure(address, detail));
  } catch (error) {
    return [...hashes.keys()].map((address) => failure(address, (error as Error).message));
  }
}
