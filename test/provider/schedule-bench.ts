/** Tokens on a schedule, whose days the tests move by. */
import type { ValueRecord } from '../../terraform-provider/values/value.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { FakeClock } from '../support/daemon.ts';
import type { ResourceState } from './core/terraform-core.ts';
import { type Bench, TOKEN } from './rpc-bench.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const EVERY = { rotate_every: '30d', overlap: '12h' };

/** A token of a new account that was made so many days ago by `clock`, which the daemon goes by. */
export async function madeBefore(
  bench: Bench,
  clock: FakeClock,
  given: ValueRecord,
  days: number,
): Promise<{ config: ValueRecord; state: ResourceState }> {
  await bench.makeAccount();
  const config = bench.tokenConfig(given);
  const state = await bench.core.converge(TOKEN, undefined, config);
  clock.advance(days * DAY);
  return { config, state };
}

/** The token as the daemon has it. */
export async function storedToken(bench: Bench): Promise<JsonObject> {
  return (await bench.daemon.request.get(`/v1/${bench.tokenAddress}`).expect(200)).body;
}

/** Rotates it past Terraform, under the same manager; the token with its new secret. */
export async function rotatedByHand({ daemon, tokenAddress }: Bench): Promise<JsonObject> {
  const asked = daemon.request.post(`/v1/${tokenAddress}/rotation`).set('Accredit-Manager', 'terraform').send({});
  return (await asked.expect(200)).body;
}
