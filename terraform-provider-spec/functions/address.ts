import { KINDS, lineage } from '../kinds/index.ts';
import type { ProviderFunction } from '../provider-function.ts';

export const addressFunction: ProviderFunction = {
  name: 'address',
  summary: 'The address of a resource from its names',
  description:
    'The address under which the daemon knows a resource: its `id` in Terraform, by which it is imported. ' +
    '`provider::accredit::address("service_account", "default", "ci")` is `organizations/default/accounts/ci`. The kinds with ' +
    `their names: ${KINDS.map(signatureOf).join(', ')}.`,
  parameters: [
    {
      name: 'kind',
      type: 'string',
      description: 'What it is: `service_account`, or the whole resource type, `accredit_service_account`.',
    },
  ],
  variadic: {
    name: 'names',
    type: 'string',
    description: 'The names along the address, that of the organization first and its own last.',
  },
  returns: 'string',
};

function signatureOf(kind: (typeof KINDS)[number]): string {
  return `\`${kind.kind}\` (${lineage(kind)
    .map(({ parameter }) => parameter)
    .join(', ')})`;
}
