import type { JsonObject } from '../kind.ts';
import { documentation } from './documentation/index.ts';
import type { Inputs } from './documentation/inputs.ts';
import { manifestFileSchema } from './manifest-schema.ts';
import { openApi } from './openapi.ts';
import { providerCodeSpec } from './provider-code-spec.ts';

/** The directories in `terraform-provider-spec/` that hold nothing but generated files. */
export const GENERATED_DIRECTORIES = ['generated/', 'docs/'] as const;

/**
 * The generated files as they should be, by their path in `terraform-provider-spec/`: what is checked in must be equal
 * to them. Throws an `Error` when an example or template that the documentation needs is not among `inputs`.
 */
export function generatedFiles(inputs: Inputs): ReadonlyMap<string, string> {
  return new Map([
    ['generated/manifest.schema.json', fileText(manifestFileSchema())],
    ['generated/openapi.json', fileText(openApi())],
    ['generated/provider-code-spec.json', fileText(providerCodeSpec())],
    ...[...documentation(inputs)].map(([file, text]): [string, string] => [`docs/${file}`, text]),
  ]);
}

function fileText(document: JsonObject): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
