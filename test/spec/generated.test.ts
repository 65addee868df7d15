import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { documentationInputs, filesBelow } from '../../scripts/documentation-inputs.ts';
import { GENERATED_DIRECTORIES, generatedFiles } from '../../terraform-provider-spec/derive/generated.ts';
import { providerCodeSpec } from '../../terraform-provider-spec/derive/provider-code-spec.ts';
import { PROVIDER_SETTINGS } from '../../terraform-provider-spec/derive/provider-settings.ts';
import {
  attributeType,
  DATA_SOURCE_SCHEMAS,
  RESOURCE_SCHEMAS,
  type TerraformAttribute,
  type TerraformSchema,
  type TerraformType,
} from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';

const CONTRACT = 'terraform-provider-spec';
const directory = new URL(`../../${CONTRACT}/`, import.meta.url);

describe('generated files', () => {
  const files = generatedFiles(documentationInputs());

  it('what is checked in is what contract, examples and templates give now (npm run generate)', () => {
    const checkedIn = GENERATED_DIRECTORIES.flatMap((name) => filesBelow(`${CONTRACT}/${name}`));
    expect(checkedIn.sort()).to.deep.equal([...files.keys()].map((file) => `${CONTRACT}/${file}`).sort());
    for (const [name, text] of files) {
      expect(readFileSync(new URL(name, directory), 'utf8') === text, `${name} is up to date`).to.equal(true);
    }
  });

  it('deriving twice gives the same bytes', () => {
    expect([...generatedFiles(documentationInputs())]).to.deep.equal([...files]);
  });
});

interface Entry {
  readonly name: string;
  readonly schema: { readonly attributes: readonly JsonObject[] };
}

/** The Terraform type that an attribute of the specification has. */
function specifiedType(entry: JsonObject): TerraformType {
  const { name: _name, ...rest } = entry;
  const [[word, value]] = Object.entries(rest) as [[string, JsonObject]];
  switch (word) {
    case 'string':
    case 'bool':
      return word;
    case 'int64':
      return 'number';
    case 'set':
    case 'map':
      return [word, specifiedType(value.element_type as JsonObject)];
    case 'single_nested':
      return objectOf(value.attributes as JsonObject[]);
    case 'set_nested':
    case 'list_nested':
      return [
        word === 'set_nested' ? 'set' : 'list',
        objectOf((value.nested_object as { attributes: JsonObject[] }).attributes),
      ];
    case 'object':
      return objectOf(value.attribute_types as JsonObject[]);
    default:
      throw new Error(`the specification knows no attribute of type ${word}`);
  }
}

function objectOf(entries: readonly JsonObject[]): TerraformType {
  return ['object', Object.fromEntries(entries.map((entry) => [entry.name as string, specifiedType(entry)]))];
}

function detailsOf({ name: _name, ...rest }: JsonObject): JsonObject {
  return Object.values(rest)[0] as JsonObject;
}

const PRESENCE = new Map([
  ['required', [true, false, false]],
  ['optional', [false, true, false]],
  ['computed_optional', [false, true, true]],
  ['computed', [false, false, true]],
]);

function expectSame(entry: JsonObject, attribute: TerraformAttribute, replaceable: boolean): void {
  const details = detailsOf(entry);
  expect(entry.name).to.equal(attribute.name);
  expect(specifiedType(entry), attribute.name).to.deep.equal(attributeType(attribute));
  const { required, optional, computed } = attribute;
  expect(PRESENCE.get(details.computed_optional_required as string), attribute.name).to.deep.equal([
    required,
    optional,
    computed,
  ]);
  expect(details.sensitive === true, attribute.name).to.equal(attribute.sensitive);
  expect(details.description).to.contain(attribute.description);
  const replaces = JSON.stringify(details.plan_modifiers ?? '').includes('RequiresReplace');
  expect(replaces, attribute.name).to.equal(replaceable && attribute.immutable);
}

describe('the provider code specification', () => {
  const spec = providerCodeSpec() as unknown as {
    version: string;
    provider: Entry;
    resources: Entry[];
    datasources: Entry[];
  };

  it('is of version 0.1 and describes every setting of the provider', () => {
    expect(spec.version).to.equal('0.1');
    const settings = spec.provider.schema.attributes.map((entry) => [entry.name, detailsOf(entry).sensitive === true]);
    expect(settings).to.deep.equal(PROVIDER_SETTINGS.map(({ name, sensitive }) => [name, sensitive]));
  });

  const groups: [string, Entry[], ReadonlyMap<string, TerraformSchema>][] = [
    ['resource', spec.resources, RESOURCE_SCHEMAS],
    ['data source', spec.datasources, DATA_SOURCE_SCHEMAS],
  ];
  for (const [what, entries, schemas] of groups) {
    it(`every ${what} has the names, types and flags of the provider's own schema`, () => {
      expect(entries.map(({ name }) => `accredit_${name}`)).to.deep.equal([...schemas.keys()]);
      for (const { name, schema } of entries) {
        const own = (schemas.get(`accredit_${name}`) as TerraformSchema).attributes;
        expect(schema.attributes).to.have.length(own.length);
        own.forEach((attribute, index) => {
          expectSame(schema.attributes[index] as JsonObject, attribute, what === 'resource');
        });
      }
    });
  }

  it('defaults that are one value are given', () => {
    const token = spec.resources.find(({ name }) => name === 'service_account_token');
    const defaults = token?.schema.attributes
      .filter((entry) => detailsOf(entry).default !== undefined)
      .map((entry) => [entry.name, (detailsOf(entry).default as JsonObject).static]);
    expect(Object.fromEntries(defaults ?? [])).to.deep.include({
      state: 'active',
      overlap: '0s',
      retire_previous: 'after_overlap',
    });
  });
});
