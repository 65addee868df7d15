/** The vocabulary in which SCIM attributes are described: the characteristics of RFC 7643, sections 2.2 and 7. */

export interface ScimAttribute {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'dateTime' | 'reference' | 'complex';
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  /** For texts: whether upper and lower case differ. */
  readonly caseExact: boolean;
  /** `immutable` sub-attributes come and go with their element and do not change within it. */
  readonly mutability: 'readOnly' | 'readWrite' | 'immutable';
  readonly returned: 'always' | 'default';
  readonly uniqueness: 'none' | 'server';
  readonly canonicalValues?: readonly string[];
  /** For references: the resource types that they can name, `external` or `uri`. */
  readonly referenceTypes?: readonly string[];
  /** How many values are kept at most; no limit if left out. */
  readonly maxItems?: number;
  /** For complex ones. */
  readonly subAttributes?: readonly ScimAttribute[];
}

/** A set of attributes under a URN (RFC 7643, section 7). */
export interface ScimSchema {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly ScimAttribute[];
}

/** A kind of resource (RFC 7643, section 6). */
export interface ScimResourceType {
  readonly name: 'User' | 'Group';
  /** The path of its collection below the base address. */
  readonly endpoint: '/Users' | '/Groups';
  readonly description: string;
  readonly schema: ScimSchema;
  readonly extensions: readonly ScimSchema[];
  /** Everything at the top level of a resource: the common attributes, the schema's, and each extension as one. */
  readonly attributes: readonly ScimAttribute[];
  /** Attributes in lower case that may be sent and are neither kept nor described. */
  readonly ignored: readonly string[];
}

type Options = Partial<Omit<ScimAttribute, 'name' | 'type' | 'description' | 'subAttributes'>>;

const DEFAULTS = {
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
} as const;

export function text(name: string, description: string, options: Options = {}): ScimAttribute {
  return { ...DEFAULTS, name, type: 'string', description, ...options };
}

export function flag(name: string, description: string): ScimAttribute {
  return { ...DEFAULTS, name, type: 'boolean', description };
}

export function time(name: string, description: string, options: Options = {}): ScimAttribute {
  return { ...DEFAULTS, name, type: 'dateTime', description, ...options };
}

export function reference(
  name: string,
  description: string,
  referenceTypes: readonly string[],
  options: Options = {},
): ScimAttribute {
  return { ...DEFAULTS, caseExact: true, name, type: 'reference', description, referenceTypes, ...options };
}

export function complex(
  name: string,
  description: string,
  subAttributes: readonly ScimAttribute[],
  options: Options = {},
): ScimAttribute {
  return { ...DEFAULTS, name, type: 'complex', description, subAttributes, ...options };
}

/** No person has more addresses of a kind; every value is stored, and shown in every answer. */
export const MOST_VALUES = 100;

/** A list of values with the sub-attributes that such lists have by default (RFC 7643, section 2.4). */
export function plural(
  name: string,
  description: string,
  types: readonly string[] = [],
  value: ScimAttribute = text('value', 'The value itself.'),
): ScimAttribute {
  const subAttributes = [
    value,
    text('display', 'The value as people read it.'),
    text('type', 'What the value is for.', types.length === 0 ? {} : { canonicalValues: types }),
    flag('primary', 'Whether this is the preferred value. At most one is.'),
  ];
  return complex(name, description, subAttributes, { multiValued: true, maxItems: MOST_VALUES });
}

/** The attribute called `name`, in whatever case (RFC 7643, section 2.1). */
export function attributeNamed(attributes: readonly ScimAttribute[], name: string): ScimAttribute | undefined {
  const sought = name.toLowerCase();
  return attributes.find((attribute) => attribute.name.toLowerCase() === sought);
}

/** The sub-attribute called `name`, in whatever case; `undefined` also for what is not complex. */
export function subAttributeNamed(attribute: ScimAttribute, name: string): ScimAttribute | undefined {
  return attributeNamed(attribute.subAttributes ?? [], name);
}
