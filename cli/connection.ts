/** Which daemon is asked, and with which token: flags > environment > profile. */
import { Client } from '../client/client.ts';
import { isExposed, parseEndpoint } from '../client/transport.ts';
import { requireName } from '../terraform-provider-spec/address.ts';
import { UsageError } from './exit.ts';
import {
  type Environment,
  readProfile,
  readSettingFile,
  readVariable,
  SETTINGS,
  type Setting,
  type Values,
} from './profiles.ts';

/** The flags that every verb takes, as commander names them. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly color?: boolean;
  readonly profile?: string;
  readonly endpoint?: string;
  readonly tokenFile?: string;
  readonly organization?: string;
  readonly caCertificateFile?: string;
}

export interface Connection {
  readonly endpoint: string;
  readonly token: string | undefined;
  /** The name of the organization that short addresses lie in. */
  readonly organization: string;
  /** PEM. */
  readonly caCertificate: string | undefined;
  /** What each value came from, for people. */
  readonly from: Readonly<Partial<Record<Setting, string>>>;
}

const DEFAULT_ENDPOINT = 'http://127.0.0.1:7345';
/** Long enough for a daemon that is started again, short enough for whoever waits at a terminal. Milliseconds. */
const DEADLINE = 15_000;

/**
 * Reads the settings. A profile that is named by a flag counts like flags, one that is named by `ACCREDIT_PROFILE` or the file less than
 * the environment. Throws `UsageError`; also for a token of a profile that would go to an endpoint that is not the profile's.
 */
export function readConnection(options: GlobalOptions, environment: Environment): Connection {
  const variables = fromEnvironment(environment);
  const profile = readProfile(environment, options.profile ?? readVariable(environment, 'ACCREDIT_PROFILE'));
  const flags = fromFlags(options);
  const sources = options.profile === undefined ? [flags, variables, profile] : [flags, profile, variables];
  const found = Object.fromEntries(
    SETTINGS.flatMap((name) => {
      const value = sources.find((source) => source[name] !== undefined)?.[name];
      return value === undefined ? [] : [[name, value]];
    }),
  ) as Values;
  const endpoint = found.endpoint?.value || DEFAULT_ENDPOINT;
  requireEndpoint(endpoint, found.endpoint?.from);
  const organization = found.organization?.value || 'default';
  requireName('organization', organization);
  requireSameOrigin(found, profile, endpoint);
  return {
    endpoint,
    organization,
    token: found.token?.value || undefined,
    caCertificate: found.ca_certificate?.value || undefined,
    from: Object.fromEntries(Object.entries(found).map(([name, { from }]) => [name, from])),
  };
}

/** What a header can carry. Nothing else is said of a token before the daemon has seen it. */
const VISIBLE = /^[\x21-\x7e]+$/;

/** A client for the connection. Throws `UsageError` without a token. */
export function clientFor({ endpoint, token, caCertificate, from }: Connection, manager?: string): Client {
  if (token === undefined) {
    throw new UsageError(
      `no token for ${endpoint}: set ACCREDIT_TOKEN_FILE or ACCREDIT_TOKEN, give --token-file FILE, or name a token_file ` +
        'in a profile. The first start of a daemon writes the first one to admin-token in its data directory',
    );
  }
  if (!VISIBLE.test(token)) {
    throw new UsageError(
      `the token from ${from.token} holds white space, or characters that no token has: give one token alone`,
    );
  }
  return new Client({ endpoint, token, caCertificate, manager, product: 'accredit-cli', deadline: DEADLINE });
}

/** Whether the token can be read on its way to the endpoint. */
export function isInTheClear({ endpoint }: Connection): boolean {
  return isExposed(parseEndpoint(endpoint));
}

function fromFlags({ endpoint, tokenFile, organization, caCertificateFile }: GlobalOptions): Values {
  const given: [Setting, string | undefined, string][] = [
    ['endpoint', endpoint, '--endpoint'],
    ['token', fileOf(tokenFile, '--token-file'), '--token-file'],
    ['organization', organization, '--organization'],
    ['ca_certificate', fileOf(caCertificateFile, '--ca-certificate-file'), '--ca-certificate-file'],
  ];
  return Object.fromEntries(
    given.flatMap(([name, value, from]) => (value === undefined ? [] : [[name, { value, from }]])),
  );
}

function fileOf(path: string | undefined, flag: string): string | undefined {
  return path === undefined ? undefined : readSettingFile(path, flag);
}

/** `ACCREDIT_X`, or the content of the file that `ACCREDIT_X_FILE` names. An empty variable is like none. */
function fromEnvironment(environment: Environment): Values {
  return Object.fromEntries(
    SETTINGS.flatMap((name) => {
      const variable = `ACCREDIT_${name.toUpperCase()}`;
      const value = readVariable(environment, variable);
      const from = environment[variable] ? variable : `${variable}_FILE`;
      return value === undefined ? [] : [[name, { value, from }]];
    }),
  );
}

function requireEndpoint(endpoint: string, from = 'the endpoint'): void {
  try {
    parseEndpoint(endpoint);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${from}: ${error.message}`);
  }
}

/** A token belongs to the endpoint that its profile names: it is not sent to another one. */
function requireSameOrigin(found: Values, profile: Values, endpoint: string): void {
  if (found.token === undefined || found.token !== profile.token || profile.endpoint === undefined) return;
  if (
    found.endpoint === profile.endpoint ||
    parseEndpoint(profile.endpoint.value).href === parseEndpoint(endpoint).href
  )
    return;
  throw new UsageError(
    `${found.endpoint?.from} names another endpoint than the ${profile.endpoint.from}, whose token is not for it: give a ` +
      'token for it too, or name another profile',
  );
}
