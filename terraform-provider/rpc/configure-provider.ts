import { PROVIDER_SETTINGS } from '../../terraform-provider-spec/derive/provider-settings.ts';
import {
  type ConfigureProviderRequest,
  type ConfigureProviderResponse,
  type Diagnostic,
  SEVERITY,
} from '../plugin/messages.ts';
import { error, pathTo } from './diagnostics.ts';
import type { Session } from './session.ts';
import { readSettings, SettingError, type Settings } from './settings.ts';

const NEEDED = ['endpoint', 'token'];

/** Takes over the provider block. Unknown settings are not an error: in a plan they may depend on what is not there yet. */
export async function configureProvider(
  session: Session,
  { config }: ConfigureProviderRequest,
): Promise<ConfigureProviderResponse> {
  const { settings, diagnostics } = readSettings(config, session.environment);
  const all = [...diagnostics, ...missing(settings, diagnostics)];
  if (all.some(({ severity }) => severity === SEVERITY.error)) return { diagnostics: all };
  try {
    session.configure(settings);
  } catch (cause) {
    if (!(cause instanceof SettingError)) throw cause;
    all.push(error('Invalid setting ca_certificate_file', cause.message, pathTo('ca_certificate_file')));
  }
  return { diagnostics: all };
}

function missing(settings: Settings, diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return PROVIDER_SETTINGS.filter(
    ({ name }) =>
      NEEDED.includes(name) &&
      settings[name] === undefined &&
      !diagnostics.some(({ attribute }) => attribute?.steps[0]?.attribute_name === name),
  ).map(({ name, variable }) =>
    error(
      `The provider has no ${name}`,
      `Give ${name} in the provider block, or set ${variable}, or ${variable}_FILE to a file that holds it.`,
      pathTo(name),
    ),
  );
}
