/** The provider's handlers in this process, with no daemon behind them. */
import type { Diagnostic, Handlers } from '../../terraform-provider/plugin/messages.ts';
import { type CtyType, encodeDynamic, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { objectType, RESOURCE_SCHEMAS, type TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';

export const TOKEN = 'accredit_service_account_token';
export const ACCOUNT = 'accredit_service_account';
export const CONTEXT = { signal: new AbortController().signal };

/** The type of the values of a resource. */
export function typeOf(type: string): CtyType {
  return objectType((RESOURCE_SCHEMAS.get(type) as TerraformSchema).attributes);
}

/** Errors as `path: text`. */
export function texts(diagnostics: Diagnostic[] | undefined): string[] {
  return (diagnostics ?? []).map(({ detail, attribute }) => {
    const steps = attribute?.steps.map((step) => step.attribute_name ?? `[${step.element_key_string}]`) ?? [];
    return `${steps.join('.')}: ${detail}`;
  });
}

/** What the provider says about a configuration, to a Terraform that keeps write-only values out of its state or does not. */
export async function validateResource(
  handlers: Handlers,
  type: string,
  given: ValueRecord,
  capable = true,
): Promise<string[]> {
  const answer = await handlers.ValidateResourceConfig!(
    {
      type_name: type,
      config: encodeDynamic(typeOf(type), given),
      client_capabilities: { deferral_allowed: false, write_only_attributes_allowed: capable },
    },
    CONTEXT,
  );
  return texts(answer.diagnostics);
}
