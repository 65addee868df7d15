/** The provider block, completed from the environment. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isExposed, parseEndpoint } from '../../client/transport.ts';
import { AddressError, requireName } from '../../terraform-provider-spec/address.ts';
import { PROVIDER_SETTINGS, type ProviderSetting } from '../../terraform-provider-spec/derive/provider-settings.ts';
import { MANAGER } from '../../terraform-provider-spec/requests.ts';
import type { Diagnostic, DynamicValue } from '../plugin/messages.ts';
import { type CtyType, decodeDynamic, isRecord, UNKNOWN, type Unknown, type Value } from '../values/value.ts';
import { error, pathTo, warning } from './diagnostics.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that was given, or that will only be known at apply. */
export type Setting = string | boolean | Unknown;

/** The settings by name; those that nobody gave and that have no default are missing. */
export type Settings = Readonly<Record<string, Setting>>;

/** The type of the provider block. */
export const PROVIDER_TYPE: CtyType = [
  'object',
  Object.fromEntries(PROVIDER_SETTINGS.map(({ name, type }) => [name, type])),
];

/**
 * The settings: from the block, else from the variable, else from the file that the variable with `_FILE` names, else
 * the default. Never throws: what is wrong is among the diagnostics.
 */
export function readSettings(
  config: DynamicValue | undefined,
  environment: Environment,
): { settings: Settings; diagnostics: Diagnostic[] } {
  const block = decodeDynamic(PROVIDER_TYPE, config);
  const settings: Record<string, Setting> = {};
  const variables: Record<string, string> = {};
  const diagnostics: Diagnostic[] = [];
  for (const setting of PROVIDER_SETTINGS) {
    try {
      const given = block === UNKNOWN ? UNKNOWN : isRecord(block) ? (block[setting.name] ?? null) : null;
      const value = given === null ? fromEnvironment(setting, environment) : fromBlock(given);
      // Terraform has no place to show for what is not in the block.
      if (given === null) variables[setting.name] = variableOf(setting, environment);
      if (value !== undefined) settings[setting.name] = value;
    } catch (cause) {
      if (!(cause instanceof SettingError)) throw cause;
      diagnostics.push(error(`Invalid setting ${setting.name}`, cause.message, pathTo(setting.name)));
    }
  }
  return { settings, diagnostics: [...diagnostics, ...check(settings).map((each) => inVariable(each, variables))] };
}

function inVariable(diagnostic: Diagnostic, variables: Readonly<Record<string, string>>): Diagnostic {
  const variable = variables[diagnostic.attribute?.steps[0]?.attribute_name ?? ''];
  return variable === undefined ? diagnostic : { ...diagnostic, detail: `In ${variable}: ${diagnostic.detail}` };
}

/** A file that a setting names. Throws a `SettingError`. */
export function readSettingFile(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SettingError(`${what} names ${path}, which cannot be read: ${(cause as Error).message}.`);
  }
}

/** The certificates in a PEM file that a setting names. Throws a `SettingError`. */
export function readCertificates(path: string, what: string): string {
  const text = readSettingFile(path, what);
  try {
    new X509Certificate(text);
  } catch (cause) {
    throw new SettingError(`${what} names ${path}, which holds no certificate in PEM: ${(cause as Error).message}.`);
  }
  return text;
}

/** A setting that cannot be used; the message is for people. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/** What comes out of a file ends with a line feed. */
function fromBlock(given: Value): Setting {
  const value = typeof given === 'string' ? given.trim() : given;
  // An empty text usually comes from a variable that is not set; it must not pass for a token or an endpoint.
  if (value === '') throw new SettingError('It is empty. Leave it out, or give it a value.');
  return value as Setting;
}

function variableOf({ variable }: ProviderSetting, environment: Environment): string {
  return environment[`${variable}_FILE`] ? `${variable}_FILE` : variable;
}

function fromEnvironment({ variable, type, default: fallback }: ProviderSetting, environment: Environment) {
  const text = environment[variable]?.trim() || undefined;
  const file = environment[`${variable}_FILE`] || undefined;
  if (text !== undefined && file !== undefined) {
    throw new SettingError(`Both ${variable} and ${variable}_FILE are set. Which one is meant cannot be known.`);
  }
  const value = file === undefined ? text : readSettingFile(file, `${variable}_FILE`).trim();
  if (value === undefined) return fallback;
  if (type === 'string') return value;
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new SettingError(`${variable} must be "true" or "false".`);
}

/** What a header can carry. Nothing else is said of a token before the daemon has seen it. */
const VISIBLE = /^[\x21-\x7e]+$/;

function check({ endpoint, token, organization, manager }: Settings): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  if (typeof endpoint === 'string') {
    try {
      if (isExposed(parseEndpoint(endpoint))) {
        diagnostics.push(
          warning(
            'The token travels in the clear',
            'The endpoint begins with http:// and is not on this machine: whoever is on the way can read the token. Use https.',
            pathTo('endpoint'),
          ),
        );
      }
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      diagnostics.push(error('Invalid setting endpoint', `${cause.message}.`, pathTo('endpoint')));
    }
  }
  if (typeof token === 'string' && !VISIBLE.test(token)) {
    const detail = 'It holds white space, or characters that no token has. Give one token and nothing else.';
    diagnostics.push(error('Invalid setting token', detail, pathTo('token')));
  }
  if (typeof manager === 'string' && !MANAGER.pattern.test(manager)) {
    diagnostics.push(error('Invalid setting manager', `It must be ${MANAGER.shape}.`, pathTo('manager')));
  }
  if (typeof organization === 'string') {
    try {
      requireName('organization', organization);
    } catch (cause) {
      if (!(cause instanceof AddressError)) throw cause;
      diagnostics.push(error('Invalid setting organization', `${cause.message}.`, pathTo('organization')));
    }
  }
  return diagnostics;
}
