/** The provider block, as data. */

/** One setting of the provider block. */
export interface ProviderSetting {
  readonly name: string;
  readonly type: 'string' | 'bool';
  readonly description: string;
  readonly sensitive: boolean;
  /** Read when the block does not give it; with `_FILE` behind it, a file that holds the value. */
  readonly variable: string;
  readonly default?: string;
}

/** The manager of a configuration that names none. */
export const DEFAULT_MANAGER = 'terraform';

/** The provider block. All of it is optional there: the environment can give each setting instead. */
export const PROVIDER_SETTINGS: readonly ProviderSetting[] = [
  setting('endpoint', 'string', 'Where the daemon answers: `https://accredit.example.com` or `http://127.0.0.1:7345`.'),
  setting('token', 'string', 'The token that the provider authenticates with.', { sensitive: true }),
  setting('organization', 'string', 'The organization of resources that do not name one; `default` if left out.', {
    default: 'default',
  }),
  setting(
    'manager',
    'string',
    `The name under which this configuration owns what it declares; \`${DEFAULT_MANAGER}\` if left out. ` +
      'Give each configuration its own, and none can change what another declares. With another name, the next apply takes ' +
      'along what the configuration owns.',
    { default: DEFAULT_MANAGER },
  ),
  setting('ca_certificate_file', 'string', "A PEM file with the certificates that the daemon's is checked against."),
  setting(
    'forbid_secrets_in_state',
    'bool',
    'When true, a configuration that would put a secret into the Terraform state is an error: of `terraform validate` already ' +
      'where the value is known by then, as in the block or in the variable, else of the first plan or apply that knows it.',
  ),
];

/** What a setting is, and the variable that gives it where the block does not. */
export function settingText({ description, variable }: ProviderSetting): string {
  return `${description} Variable: \`${variable}\`.`;
}

function setting(
  name: string,
  type: 'string' | 'bool',
  description: string,
  given: Partial<ProviderSetting> = {},
): ProviderSetting {
  return { name, type, description, sensitive: false, variable: `ACCREDIT_${name.toUpperCase()}`, ...given };
}
