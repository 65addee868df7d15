import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';

/** Whether a value is an object, and no array. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
