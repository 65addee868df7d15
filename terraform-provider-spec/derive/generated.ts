import type { JsonObject } from '../kind.ts';
import { openApi } from './openapi.ts';
import { providerCodeSpec } from './provider-code-spec.ts';

/** The files of `generated/` as they should be, by name: what is checked in must be equal to them. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['openapi.json', fileText(openApi())],
    ['provider-code-spec.json', fileText(providerCodeSpec())],
  ]);
}

function fileText(document: JsonObject): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
