/**
 * The Terraform schema of every kind, as data: what each attribute is called there, its type and flags, and where its
 * value comes from in the API. The provider, its documentation and the provider code specification read it.
 */
import { COMMON_READ_ONLY, COMMON_TERRAFORM_OPTIONS, COMMON_WRITABLE } from '../common.ts';
import type { Attribute, Attributes, Kind, ListFilter, ValueType } from '../kind.ts';
import { KINDS, lineage } from '../kinds/index.ts';
import { filterAttributes, itemsAttribute, placeAttributes } from './terraform-lists.ts';

/** A Terraform type in the JSON form of the plugin protocol. */
export type TerraformType =
  | 'string'
  | 'number'
  | 'bool'
  | ['list' | 'set' | 'map', TerraformType]
  | ['object', Record<string, TerraformType>];

/** Where the value of a Terraform attribute comes from, and where it goes. */
export type Source =
  /** The resource's address. */
  | { readonly from: 'address' }
  /** One of the names along the address; `own` for the resource's own, the last one. */
  | { readonly from: 'name'; readonly parameter: string; readonly own: boolean }
  /** The API attribute of the same meaning. */
  | { readonly from: 'api'; readonly attribute: string }
  /** A map that only the provider knows; its hash is sent as the API attribute. */
  | { readonly from: 'triggers'; readonly attribute: string }
  /**
   * Sent as the API attribute and never stored; sent again when the attribute named by `version` changes. What is `hashed`
   * is a token, of which only the hash is sent.
   */
  | { readonly from: 'write-only'; readonly attribute: string; readonly version: string; readonly hashed: boolean }
  /** The version that goes with a write-only attribute; never sent. */
  | { readonly from: 'write-only-version'; readonly attribute: string }
  /** A setting of the provider's own behaviour; never sent. */
  | { readonly from: 'option'; readonly option: string; readonly default: boolean }
  /** What a list keeps: a query parameter of the API. */
  | { readonly from: 'filter'; readonly filter: ListFilter | 'label' }
  /** What a list has found. */
  | { readonly from: 'items' };

export interface TerraformAttribute {
  readonly name: string;
  /** Exactly one of `type` and `nested` is given. */
  readonly type?: TerraformType;
  readonly nested?: NestedAttributes;
  readonly description: string;
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
  readonly sensitive: boolean;
  readonly writeOnly: boolean;
  /** Another value plans a replacement. */
  readonly immutable: boolean;
  readonly source: Source;
  /** How the kind describes the API attribute, where there is one. */
  readonly api?: Attribute;
}

export interface NestedAttributes {
  readonly nesting: 'single' | 'set' | 'list';
  readonly attributes: readonly TerraformAttribute[];
}

/** A resource or a data source. */
export interface TerraformSchema {
  /** `accredit_service_account`. */
  readonly type: string;
  readonly kind: Kind;
  readonly version: number;
  readonly description: string;
  readonly attributes: readonly TerraformAttribute[];
  /** It is the data source of all that there are, not of one. */
  readonly lists?: true;
}

/** What the types of all resources begin with. */
export const TYPE_PREFIX = 'accredit_';

/** The Terraform type of a kind: `accredit_organization`. */
export function terraformType(kind: Kind): string {
  return TYPE_PREFIX + kind.kind;
}

/** The resource of a kind. */
export function resourceSchema(kind: Kind): TerraformSchema {
  const attributes = [
    ...identityAttributes(kind),
    ...entriesOf(kind).flatMap(([name, attribute]) => resourceAttributes(name, attribute)),
    ...Object.entries({ ...kind.terraformOptions, ...COMMON_TERRAFORM_OPTIONS }).map(([name, option]) =>
      describe(
        name,
        { type: 'bool' },
        {
          description: option.description,
          optional: true,
          computed: true,
          source: { from: 'option', option: name, default: option.default },
        },
      ),
    ),
  ];
  return { type: terraformType(kind), kind, version: 0, description: kind.description, attributes };
}

/** The data source of a kind: the same names go in, everything that the API answers comes out, but no secret. */
export function dataSourceSchema(kind: Kind): TerraformSchema {
  const identity = identityAttributes(kind);
  const taken = new Set(identity.map((attribute) => attribute.name));
  const attributes = [
    ...identity,
    ...entriesOf(kind)
      .filter(([name, attribute]) => !taken.has(name) && !attribute.writeOnly && !attribute.once)
      .map(([name, attribute]) => computedAttribute(name, attribute)),
  ];
  return { type: terraformType(kind), kind, version: 0, description: kind.description, attributes };
}

/** The data source of all resources of a kind, or of those that its filters keep. */
export function listDataSourceSchema(kind: Kind): TerraformSchema {
  const single = dataSourceSchema(kind).attributes;
  return {
    type: `${terraformType(kind)}s`,
    kind,
    version: 0,
    description: `All ${kind.title}s that the provider's token may see, or those that the filters keep.`,
    attributes: [...placeAttributes(kind, single), ...filterAttributes(kind), itemsAttribute(kind, single)],
    lists: true,
  };
}

/** The resources by Terraform type. */
export const RESOURCE_SCHEMAS: ReadonlyMap<string, TerraformSchema> = new Map(
  KINDS.map((kind) => [terraformType(kind), resourceSchema(kind)]),
);

/** The data sources by Terraform type: of each kind that of one, then that of all. */
export const DATA_SOURCE_SCHEMAS: ReadonlyMap<string, TerraformSchema> = new Map(
  KINDS.flatMap((kind) => [dataSourceSchema(kind), listDataSourceSchema(kind)]).map((schema) => [schema.type, schema]),
);

/** The type of an attribute's values, nested attributes included. */
export function attributeType(attribute: TerraformAttribute): TerraformType {
  if (attribute.nested === undefined) return attribute.type as TerraformType;
  const object = objectType(attribute.nested.attributes);
  return attribute.nested.nesting === 'single' ? object : [attribute.nested.nesting, object];
}

const objectTypes = new WeakMap<readonly TerraformAttribute[], TerraformType>();

/** The object type that these attributes make together; for the same list always the same one. */
export function objectType(attributes: readonly TerraformAttribute[]): TerraformType {
  let type = objectTypes.get(attributes);
  if (type === undefined) {
    type = ['object', Object.fromEntries(attributes.map((attribute) => [attribute.name, attributeType(attribute)]))];
    objectTypes.set(attributes, type);
  }
  return type;
}

function entriesOf(kind: Kind): [string, Attribute][] {
  return Object.entries({ ...COMMON_WRITABLE, ...kind.attributes, ...COMMON_READ_ONLY });
}

/** The attributes for the names along the addresses of a kind, the organization's first and its own last. */
export function nameAttributes(kind: Kind): TerraformAttribute[] {
  return lineage(kind).map((level): TerraformAttribute => {
    const own = level === kind;
    // Only the organization has a default, and an organization's own name is its `name`.
    const defaulted = !own && level.parent === undefined;
    return describe(
      own ? 'name' : level.parameter,
      { type: 'string' },
      {
        description: own
          ? `The last segment of the ${kind.title}'s address. Another name is another ${kind.title}.`
          : `The name of the ${level.title} that it belongs to${defaulted ? "; the provider's if left out" : ''}.`,
        ...(defaulted ? { optional: true, computed: true } : { required: true }),
        immutable: true,
        source: { from: 'name', parameter: level.parameter, own },
      },
    );
  });
}

function identityAttributes(kind: Kind): TerraformAttribute[] {
  const id = describe(
    'id',
    { type: 'string' },
    {
      description: 'The address: the path of names that identifies the resource, and by which it is imported.',
      computed: true,
      source: { from: 'address' },
    },
  );
  return [id, ...nameAttributes(kind)];
}

function resourceAttributes(name: string, attribute: Attribute): TerraformAttribute[] {
  if (attribute.volatile || attribute.terraform === 'data-source-only') return [];
  if (attribute.terraform === 'triggers') {
    return [
      describe(
        `${name}_triggers`,
        { type: ['map', 'string'] },
        {
          description:
            'Any values: when one of them changes, the secret is rotated in place. ' +
            'Giving them for the first time (after an import, say) or removing them rotates nothing.',
          optional: true,
          source: { from: 'triggers', attribute: name },
          api: attribute,
        },
      ),
    ];
  }
  if (attribute.terraform === 'versioned-write-only') {
    // Whatever is sent as a hash can be given as what it is the hash of, too: the provider hashes it.
    const plain = name.replace(/_hash$/, '');
    const given = (as: string, description: string, hashed: boolean): TerraformAttribute[] =>
      writeOnlyAttributes(as, { description, attribute: name, hashed, api: attribute });
    return [
      ...given(name, `${attribute.description} Excludes \`${plain}_wo\`.`, false),
      ...(plain === name
        ? []
        : given(
            plain,
            'The token itself, which the caller made: the provider hashes it here and sends the hash as ' +
              `\`${name}\`, so that the daemon never sees it. Excludes \`${name}_wo\`.`,
            true,
          )),
    ];
  }
  return [plainAttribute(name, attribute)];
}

interface WriteOnly {
  readonly description: string;
  /** The API attribute that it is sent as. */
  readonly attribute: string;
  readonly hashed: boolean;
  readonly api: Attribute;
}

/**
 * Not sensitive: no state and no plan ever holds the value, so there is nothing to hide. Terraform stores the paths of sensitive
 * attributes in any order and takes another order for a change, so that with a second one beside the secret a plan with
 * `-refresh-only -detailed-exitcode` would find changes where there are none.
 */
function writeOnlyAttributes(name: string, writeOnly: WriteOnly): TerraformAttribute[] {
  const { description, attribute, hashed, api } = writeOnly;
  const version = `${name}_wo_version`;
  return [
    describe(
      `${name}_wo`,
      { type: 'string' },
      {
        description: `${description} Sent at creation, and again when \`${version}\` changes. Needs Terraform 1.11.`,
        optional: true,
        writeOnly: true,
        source: { from: 'write-only', attribute, version, hashed },
        api,
      },
    ),
    describe(
      version,
      { type: 'string' },
      {
        description: `Any text; change it together with \`${name}_wo\`, without which it is refused and which Terraform does not remember.`,
        optional: true,
        source: { from: 'write-only-version', attribute },
      },
    ),
  ];
}

/** The Terraform attribute for one of the API's that has no form of its own. */
export function plainAttribute(name: string, attribute: Attribute): TerraformAttribute {
  if (attribute.access === 'read-only') return computedAttribute(name, attribute);
  return describe(name, shape(attribute, plainAttribute), {
    description: attribute.description,
    required: attribute.access === 'required',
    optional: attribute.access === 'optional',
    computed: attribute.access === 'optional' && attribute.default !== undefined && attribute.default !== null,
    sensitive: attribute.sensitive === true,
    immutable: attribute.immutable === true,
    source: { from: 'api', attribute: name },
    api: attribute,
  });
}

function computedAttribute(name: string, attribute: Attribute): TerraformAttribute {
  return describe(name, shape(attribute, computedAttribute), {
    description: attribute.description,
    computed: true,
    sensitive: attribute.sensitive === true,
    source: { from: 'api', attribute: name },
    api: attribute,
  });
}

type Shape = Pick<TerraformAttribute, 'type' | 'nested'>;

function shape(value: ValueType, inner: (name: string, attribute: Attribute) => TerraformAttribute): Shape {
  const nested = (attributes: Attributes): TerraformAttribute[] =>
    Object.entries(attributes).map(([name, attribute]) => inner(name, attribute));
  if (value.type === 'object') return { nested: { nesting: 'single', attributes: nested(value.attributes) } };
  if (value.type === 'set' && value.items.type === 'object') {
    return { nested: { nesting: 'set', attributes: nested(value.items.attributes) } };
  }
  return { type: plainType(value) };
}

function plainType(value: ValueType): TerraformType {
  switch (value.type) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'integer':
      return 'number';
    case 'set':
      return ['set', plainType(value.items)];
    case 'map':
      return ['map', plainType(value.values)];
    case 'object':
      return [
        'object',
        Object.fromEntries(Object.entries(value.attributes).map(([name, inner]) => [name, plainType(inner)])),
      ];
  }
}

function describe(
  name: string,
  form: Shape,
  given: Partial<TerraformAttribute> & Pick<TerraformAttribute, 'description' | 'source'>,
): TerraformAttribute {
  return {
    name,
    ...form,
    required: false,
    optional: false,
    computed: false,
    sensitive: false,
    writeOnly: false,
    immutable: false,
    ...given,
  };
}
