/** Configurations and states of resources, for what is decided without a daemon. */
import { stateOf } from '../../terraform-provider/rpc/mapping.ts';
import { plan } from '../../terraform-provider/rpc/planning.ts';
import { desiredBody } from '../../terraform-provider/rpc/requests.ts';
import type { ValueRecord } from '../../terraform-provider/values/value.ts';
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';

/** A configuration with every attribute that is not given null, as Terraform sends it. */
export function configOf(schema: TerraformSchema, given: ValueRecord): ValueRecord {
  return { ...Object.fromEntries(schema.attributes.map(({ name }) => [name, null])), ...given };
}

/** The state after a creation, with what a daemon would decide. */
export function created(schema: TerraformSchema, given: ValueRecord): ValueRecord {
  const config = configOf(schema, given);
  const made = plan({ schema, prior: null, config, organization: 'default' });
  const body = desiredBody({ schema, prior: null, planned: made.planned, config }) as JsonObject;
  const decided = Object.fromEntries(
    schema.attributes
      .filter(({ api, source }) => api?.access === 'read-only' && source.from === 'api')
      .map(({ name, api }): [string, Json] => [
        name,
        api?.nullable || api?.type === 'object' ? null : `daemon's ${name}`,
      ]),
  );
  const resource: JsonObject = { ...decided, ...body };
  delete resource.secret;
  if ('secret' in decided && body.secret_hash === undefined) resource.secret = 'acr_sa_x';
  return stateOf(schema, resource, String(made.planned.id), made.planned);
}
