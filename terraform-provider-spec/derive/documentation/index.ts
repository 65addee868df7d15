/**
 * The documentation of the Terraform provider in the form of its registries: a page for the provider and for everything
 * that it offers, each from its schema and its example, and guides. It is the form that HashiCorp's tfplugindocs writes,
 * which is a tool for providers in Go.
 */
import { PROVIDER_SETTINGS, settingText } from '../provider-settings.ts';
import { type Documented, formatsTable } from './attribute-text.ts';
import { functionPages } from './functions.ts';
import type { Inputs } from './inputs.ts';
import { pagesOf, TABLES } from './pages.ts';
import { schemaSection } from './schema.ts';
import { templatePages } from './templates.ts';

/** The pages by their file in `docs/`. Throws an `Error` that names what is missing in `inputs`. */
export function documentation(inputs: Inputs): ReadonlyMap<string, string> {
  const variables = {
    SchemaMarkdown: schemaSection(SETTINGS, { formatsPage: '', replaces: false }),
    Formats: formatsTable(),
  };
  return new Map([
    ...templatePages(inputs, variables),
    ...TABLES.flatMap((table) => pagesOf(table, inputs)),
    ...functionPages(inputs),
  ]);
}

const SETTINGS: readonly Documented[] = PROVIDER_SETTINGS.map((setting) => ({
  name: setting.name,
  type: setting.type,
  description: settingText(setting),
  required: false,
  optional: true,
  computed: false,
  sensitive: setting.sensitive,
  writeOnly: false,
}));
