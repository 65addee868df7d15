import type { ValidateDataResourceConfigRequest, ValidateDataResourceConfigResponse } from '../plugin/messages.ts';
import { decodeState } from './mapping.ts';
import { dataSourceOf } from './schemas.ts';
import { invalidFilters, invalidNames } from './validation.ts';

/** Judges the names that a data source is looked up by, and what it keeps of a list. */
export async function validateDataResourceConfig({
  type_name,
  config,
}: ValidateDataResourceConfigRequest): Promise<ValidateDataResourceConfigResponse> {
  const schema = dataSourceOf(type_name);
  const given = decodeState(schema, config);
  return { diagnostics: given === null ? [] : [...invalidNames(schema, given), ...invalidFilters(schema, given)] };
}
