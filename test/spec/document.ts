/** The OpenAPI document, taken apart for tests. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { openApi } from '../../terraform-provider-spec/derive/openapi.ts';
import { FORMATS } from '../../terraform-provider-spec/formats.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: JsonObject;
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly security?: readonly JsonObject[];
  readonly parameters?: readonly JsonObject[];
  readonly requestBody?: { readonly required: boolean; readonly content: JsonObject };
  readonly responses: Readonly<Record<string, JsonObject>>;
  readonly 'x-accredit-permission'?: string;
}

export interface DescribedResponse {
  readonly headers: JsonObject;
  readonly content?: Readonly<Record<string, { readonly schema: JsonObject }>>;
}

export const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;
export const document = openApi();
export const schemas = (document.components as { schemas: Record<string, JsonObject> }).schemas;

/** Every operation with its path, and its parameters without references. */
export const operations = Object.entries(document.paths as Record<string, JsonObject>).flatMap(([path, item]) =>
  METHODS.filter((method) => method in item).map((method) => {
    const operation = item[method] as unknown as Operation;
    const parameters = [...((item.parameters ?? []) as JsonObject[]), ...(operation.parameters ?? [])];
    return { path, method, operation, parameters: parameters.map((one) => resolve(one) as unknown as Parameter) };
  }),
);

/** What `value` stands for: itself, or what its reference points at. Fails for a reference to nothing. */
export function resolve(value: Json): Json {
  const reference = (value as JsonObject | null)?.$ref;
  if (typeof reference !== 'string') return value;
  expect(reference).to.match(/^#\//);
  return reference
    .slice(2)
    .split('/')
    .reduce<Json>((at, key) => {
      expect(at, `${reference} leads somewhere`).to.have.property(key);
      return (at as JsonObject)[key] as Json;
    }, document);
}

const timestamps = (value: string) => FORMATS.timestamp.check(value) === undefined;

/** The schema components as one JSON Schema of the 2020-12 dialect; strict mode refuses keywords that mean nothing. */
export const ajv = new Ajv2020({
  strict: true,
  allowUnionTypes: true,
  formats: { 'date-time': timestamps, uri: true },
});
ajv.addSchema({ ...withLocalReferences({ $defs: schemas }), $id: 'accredit' });

/** Whether the schema component takes `value`. */
export function accepts(component: string, value: Json): boolean {
  const validate = ajv.getSchema(`accredit#/$defs/${component}`);
  if (validate === undefined) throw new Error(`no schema ${component}`);
  return validate(value) as boolean;
}

const compiled = new WeakMap<JsonObject, ValidateFunction>();

/** What is wrong with `value` by a schema of the document; `undefined` when nothing is. */
export function faults(schema: JsonObject, value: Json): string | undefined {
  const validate = compiled.get(schema) ?? ajv.compile(withLocalReferences(schema, 'accredit'));
  compiled.set(schema, validate);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

function withLocalReferences(schema: JsonObject, base = ''): JsonObject {
  return JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', `${base}#/$defs/`)) as JsonObject;
}
