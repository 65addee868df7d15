/** The schemas of the provider that breaks rules: every form of attribute that the rules tell apart. */
import type { Schema } from '../../../terraform-provider/plugin/messages.ts';
import { NESTING } from '../../../terraform-provider/plugin/messages.ts';
import type { CtyType } from '../../../terraform-provider/values/value.ts';
import { schemaType } from './schema.ts';

/** The type of a text, as a schema says it. */
export const STRING = Buffer.from('"string"');

function withType(schema: Schema): { schema: Schema; type: CtyType } {
  return { schema, type: schemaType(schema) };
}

/** `rules_thing`; `breaks` says which rule an instance breaks. */
export const RESOURCE = withType({
  block: {
    attributes: [
      { name: 'id', type: STRING, computed: true },
      { name: 'name', type: STRING, required: true },
      { name: 'breaks', type: STRING, optional: true },
      { name: 'note', type: STRING, optional: true },
      { name: 'level', type: STRING, optional: true, computed: true },
      { name: 'secret_wo', type: STRING, optional: true, write_only: true },
      { name: 'tags', type: Buffer.from('["set","string"]'), optional: true },
      {
        name: 'limit',
        optional: true,
        nested_type: {
          nesting: NESTING.single,
          attributes: [
            { name: 'mode', type: STRING, optional: true, computed: true },
            { name: 'days', type: Buffer.from('"number"'), optional: true },
          ],
        },
      },
      {
        name: 'grants',
        optional: true,
        nested_type: {
          nesting: NESTING.set,
          attributes: [
            { name: 'role', type: STRING, required: true },
            { name: 'scope', type: STRING, optional: true, computed: true },
          ],
        },
      },
    ],
  },
});

/** The data source `rules_thing`. */
export const DATA = withType({
  block: {
    attributes: [
      { name: 'name', type: STRING, required: true },
      { name: 'found', type: STRING, computed: true },
    ],
  },
});

/** The ephemeral resource `rules_secret`. */
export const EPHEMERAL = withType({
  block: {
    attributes: [
      { name: 'name', type: STRING, required: true },
      { name: 'value', type: STRING, computed: true, sensitive: true },
    ],
  },
});
