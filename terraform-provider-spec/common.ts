import type { Attributes, TerraformOption } from './kind.ts';

/** The writable attributes that every kind has. */
export const COMMON_WRITABLE: Attributes = {
  display_name: {
    type: 'string',
    maxLength: 256,
    access: 'optional',
    description: 'A name for people. It identifies nothing and may be given twice.',
  },
  description: {
    type: 'string',
    maxLength: 1024,
    access: 'optional',
    description: 'What the resource is for.',
  },
  labels: {
    type: 'map',
    keys: 'name',
    values: { type: 'string', format: 'label-value', maxLength: 256 },
    maxItems: 64,
    access: 'optional',
    default: {},
    description: 'Free key-value pairs, by which lists can be filtered.',
  },
};

/** The read-only attributes that every kind has. */
export const COMMON_READ_ONLY: Attributes = {
  address: {
    type: 'string',
    format: 'address',
    access: 'read-only',
    changesWith: [],
    terraform: 'data-source-only',
    description: 'The path of names that identifies the resource, without `/v1/`.',
  },
  kind: {
    type: 'string',
    access: 'read-only',
    changesWith: [],
    terraform: 'data-source-only',
    description: 'What it is: the name of its kind.',
  },
  name: {
    type: 'string',
    format: 'name',
    access: 'read-only',
    changesWith: [],
    terraform: 'data-source-only',
    description: 'The last segment of the address.',
  },
  uid: {
    type: 'string',
    access: 'read-only',
    changesWith: [],
    description: 'Unique to this creation: deleting and creating again at the same address gives another.',
  },
  revision: {
    type: 'integer',
    access: 'read-only',
    changesWith: 'any',
    terraform: 'data-source-only',
    description: 'Counts the changes since the creation, from 1.',
  },
  created_at: {
    type: 'string',
    format: 'timestamp',
    access: 'read-only',
    changesWith: [],
    description: 'When it was created.',
  },
  created_by: {
    type: 'string',
    access: 'read-only',
    changesWith: [],
    description: 'The identifier of who created it. History, not ownership.',
  },
  updated_at: {
    type: 'string',
    format: 'timestamp',
    access: 'read-only',
    changesWith: 'any',
    terraform: 'data-source-only',
    description: 'When it was last changed.',
  },
  managed_by: {
    type: 'string',
    access: 'read-only',
    nullable: true,
    changesWith: 'any',
    description: 'The manager that declares it, or null.',
  },
  claim: {
    type: 'string',
    access: 'read-only',
    nullable: true,
    changesWith: [],
    description: 'The claim of the creation that last took this address, or null.',
  },
};

/** The settings that the Terraform resource of every kind has for the provider's own behaviour. */
export const COMMON_TERRAFORM_OPTIONS: Readonly<Record<string, TerraformOption>> = {
  deletion_protection: {
    type: 'boolean',
    default: false,
    description:
      'While true in the state, a plan that would destroy or replace it, or what it belongs to, is an error. To lift it, apply ' +
      '`false` first. What a plan leaves out, as with `-target`, it cannot see.',
  },
};
