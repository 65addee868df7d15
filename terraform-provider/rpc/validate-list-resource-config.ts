import type { ValidateListResourceConfigRequest, ValidateListResourceConfigResponse } from '../plugin/messages.ts';
import { decodeState } from './mapping.ts';
import { listResourceOf } from './schemas.ts';
import { invalidFilters, invalidNames } from './validation.ts';

/** Judges where a list resource looks, and what it keeps. */
export async function validateListResourceConfig({
  type_name,
  config,
}: ValidateListResourceConfigRequest): Promise<ValidateListResourceConfigResponse> {
  const schema = listResourceOf(type_name);
  const given = decodeState(schema, config);
  return { diagnostics: given === null ? [] : [...invalidNames(schema, given), ...invalidFilters(schema, given)] };
}
