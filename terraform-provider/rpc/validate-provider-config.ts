import {
  SEVERITY,
  type ValidateProviderConfigRequest,
  type ValidateProviderConfigResponse,
} from '../plugin/messages.ts';
import type { Session } from './session.ts';
import { readSettings } from './settings.ts';

/** Judges the provider block. The daemon is not asked: `terraform validate` works without one. */
export async function validateProviderConfig(
  session: Session,
  { config }: ValidateProviderConfigRequest,
): Promise<ValidateProviderConfigResponse> {
  const { settings, diagnostics } = readSettings(config, session.environment);
  session.remember(settings);
  // Warnings come again from ConfigureProvider.
  return { diagnostics: diagnostics.filter(({ severity }) => severity === SEVERITY.error) };
}
