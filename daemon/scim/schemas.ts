/**
 * What SCIM Users and Groups consist of (RFC 7643, sections 3.1 and 4), described once: the answer of `/Schemas`, the
 * reading of bodies, filters and paths all follow from it.
 */
import {
  complex,
  flag,
  MOST_VALUES,
  plural,
  reference,
  type ScimAttribute,
  type ScimResourceType,
  type ScimSchema,
  text,
  time,
} from './attributes.ts';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE_USER_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const READ_ONLY = { mutability: 'readOnly' } as const;
const EXACT_READ_ONLY = { mutability: 'readOnly', caseExact: true } as const;

/** The attributes of every resource (RFC 7643, section 3.1), which no schema lists. */
const COMMON: readonly ScimAttribute[] = [
  reference('schemas', 'The schemas that the resource has attributes of.', ['uri'], {
    multiValued: true,
    returned: 'always',
    mutability: 'readOnly',
  }),
  text('id', 'The identifier that the service gave it. It never changes.', {
    ...EXACT_READ_ONLY,
    returned: 'always',
    uniqueness: 'server',
  }),
  text('externalId', 'The identifier that the client gave it.', { caseExact: true }),
  complex(
    'meta',
    'About the resource itself.',
    [
      text('resourceType', 'The name of its resource type.', EXACT_READ_ONLY),
      time('created', 'When it was created.', READ_ONLY),
      time('lastModified', 'When it was last changed.', READ_ONLY),
      reference('location', 'Its address.', ['uri'], READ_ONLY),
      text('version', 'The entity tag of its state.', EXACT_READ_ONLY),
    ],
    READ_ONLY,
  ),
];

const USER: ScimSchema = {
  id: USER_SCHEMA,
  name: 'User',
  description: 'A person.',
  attributes: [
    text('userName', 'The name under which the client knows the user. Case does not count.', {
      required: true,
      uniqueness: 'server',
    }),
    complex('name', 'The parts of the name.', [
      text('formatted', 'The whole name.'),
      text('familyName', 'The family name.'),
      text('givenName', 'The given name.'),
      text('middleName', 'The middle names.'),
      text('honorificPrefix', 'What stands before the name.'),
      text('honorificSuffix', 'What stands after the name.'),
    ]),
    text('displayName', 'The name that people see.'),
    text('nickName', 'What people call the user.'),
    reference('profileUrl', 'A page about the user.', ['external']),
    text('title', 'The position, such as "Vice President".'),
    text('userType', 'The relation to the organization, such as "Contractor".'),
    text('preferredLanguage', 'The languages that the user prefers, as in the header Accept-Language.'),
    text('locale', 'How dates and numbers are to be written, such as "en-US".'),
    text('timezone', 'The time zone, such as "Europe/Berlin".'),
    flag('active', 'While false, no token of the user works. True for a new user if left out.'),
    plural(
      'emails',
      'The e-mail addresses. The primary one, else the first of type "work", is the address of the user.',
      ['work', 'home', 'other'],
    ),
    plural('phoneNumbers', 'The telephone numbers.', ['work', 'home', 'mobile', 'fax', 'pager', 'other']),
    plural('ims', 'The addresses for instant messages.'),
    plural(
      'photos',
      'The addresses of pictures.',
      ['photo', 'thumbnail'],
      reference('value', 'The address.', ['external']),
    ),
    complex(
      'addresses',
      'The postal addresses.',
      [
        text('formatted', 'The whole address.'),
        text('streetAddress', 'Street and number.'),
        text('locality', 'The city.'),
        text('region', 'The state or region.'),
        text('postalCode', 'The postal code.'),
        text('country', 'The country.'),
        text('type', 'What the address is for.', { canonicalValues: ['work', 'home', 'other'] }),
        flag('primary', 'Whether this is the preferred address. At most one is.'),
      ],
      { multiValued: true, maxItems: MOST_VALUES },
    ),
    complex(
      'groups',
      'The groups that the user belongs to. They change through the groups.',
      [
        text('value', 'The id of the group.', EXACT_READ_ONLY),
        reference('$ref', 'The address of the group.', ['Group'], READ_ONLY),
        text('display', 'The name of the group.', READ_ONLY),
        text('type', 'How the user belongs to it.', { ...READ_ONLY, canonicalValues: ['direct'] }),
      ],
      { ...READ_ONLY, multiValued: true },
    ),
    plural('entitlements', 'Kept as sent. They grant nothing here.'),
    plural('roles', 'Kept as sent. They grant nothing here.'),
  ],
};

const ENTERPRISE_USER: ScimSchema = {
  id: ENTERPRISE_USER_SCHEMA,
  name: 'EnterpriseUser',
  description: 'What an enterprise knows of a user. Kept as sent.',
  attributes: [
    text('employeeNumber', 'The number of the employee.'),
    text('costCenter', 'The cost center.'),
    text('organization', 'The organization.'),
    text('division', 'The division.'),
    text('department', 'The department.'),
    complex('manager', 'To whom the user reports.', [
      text('value', 'The identifier of the manager.', { caseExact: true }),
      reference('$ref', 'The address of the manager.', ['User']),
      text('displayName', 'The name of the manager.'),
    ]),
  ],
};

const GROUP: ScimSchema = {
  id: GROUP_SCHEMA,
  name: 'Group',
  description: 'A team.',
  attributes: [
    text('displayName', 'The name that people see.', { required: true }),
    complex(
      'members',
      'The users who belong to it.',
      [
        text('value', 'The id of the user.', { required: true, caseExact: true, mutability: 'immutable' }),
        reference('$ref', 'The address of the user.', ['User'], READ_ONLY),
        text('display', 'The userName of the user.', READ_ONLY),
        text('type', 'The type of the member.', { mutability: 'immutable', canonicalValues: ['User'] }),
      ],
      { multiValued: true },
    ),
  ],
};

function resourceType(type: Omit<ScimResourceType, 'attributes'>): ScimResourceType {
  const extensions = type.extensions.map(({ id, description, attributes }) => complex(id, description, attributes));
  return { ...type, attributes: [...COMMON, ...type.schema.attributes, ...extensions] };
}

export const USER_TYPE = resourceType({
  name: 'User',
  endpoint: '/Users',
  description: 'The users of the organization.',
  schema: USER,
  extensions: [ENTERPRISE_USER],
  // A user here has no password: it acts through tokens, which SCIM does not carry.
  ignored: ['password'],
});

export const GROUP_TYPE = resourceType({
  name: 'Group',
  endpoint: '/Groups',
  description: 'The teams of the organization.',
  schema: GROUP,
  extensions: [],
  ignored: [],
});

export const SCHEMAS: readonly ScimSchema[] = [USER, GROUP, ENTERPRISE_USER];
export const RESOURCE_TYPES: readonly ScimResourceType[] = [USER_TYPE, GROUP_TYPE];
