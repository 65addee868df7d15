/** A secret of the caller's that a token has already: the daemon gives it to no other claim. */
import { ApiError } from '../../client/errors.ts';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import { ownSecret } from './planning.ts';

/** Whether the daemon refused a PUT for the sake of nothing but the hash of the caller's secret. */
export function refusesSecret(schema: TerraformSchema, cause: unknown): cause is ApiError {
  const source = ownSecret(schema)?.source;
  if (source?.from !== 'write-only' || !(cause instanceof ApiError) || cause.status !== 422) return false;
  return cause.errors.length === 1 && cause.errors[0]?.pointer === `/${source.attribute}`;
}
