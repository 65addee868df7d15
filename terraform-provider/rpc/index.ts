/** The provider's logic: one handler for each RPC that Terraform calls. */
import { beforeExit } from '../plugin/exit.ts';
import type { Handlers } from '../plugin/messages.ts';
import { applyResourceChange } from './apply-resource-change.ts';
import { callFunction } from './call-function.ts';
import { closeEphemeralResource, closeHeld } from './close-ephemeral-resource.ts';
import { configureProvider } from './configure-provider.ts';
import { getProviderSchema } from './get-provider-schema.ts';
import { getResourceIdentitySchemas } from './get-resource-identity-schemas.ts';
import { importResourceState } from './import-resource-state.ts';
import { invokeAction } from './invoke-action.ts';
import { listResource } from './list-resource.ts';
import { moveResourceState } from './move-resource-state.ts';
import { openEphemeralResource } from './open-ephemeral-resource.ts';
import { planAction } from './plan-action.ts';
import { planResourceChange } from './plan-resource-change.ts';
import { readDataSource } from './read-data-source.ts';
import { readResource } from './read-resource.ts';
import { renewEphemeralResource } from './renew-ephemeral-resource.ts';
import { Session, type SessionOptions } from './session.ts';
import { upgradeResourceIdentity } from './upgrade-resource-identity.ts';
import { upgradeResourceState } from './upgrade-resource-state.ts';
import { validateActionConfig } from './validate-action-config.ts';
import { validateDataResourceConfig } from './validate-data-resource-config.ts';
import { validateEphemeralResourceConfig } from './validate-ephemeral-resource-config.ts';
import { validateListResourceConfig } from './validate-list-resource-config.ts';
import { validateProviderConfig } from './validate-provider-config.ts';
import { validateResourceConfig } from './validate-resource-config.ts';

export type { SessionOptions } from './session.ts';

/** Handlers that share one session: the configuration that Terraform sends to one provider process. */
export function createHandlers(options: SessionOptions = {}): Handlers {
  const session = new Session(options);
  // Terraform closes nothing when it is interrupted, to say nothing of when it is killed.
  beforeExit(() => Promise.allSettled(session.openings.all().map(({ type, kept }) => closeHeld(session, type, kept))));
  return {
    GetProviderSchema: getProviderSchema,
    GetResourceIdentitySchemas: getResourceIdentitySchemas,
    UpgradeResourceIdentity: upgradeResourceIdentity,
    ValidateProviderConfig: (request) => validateProviderConfig(session, request),
    ConfigureProvider: (request) => configureProvider(session, request),
    ValidateResourceConfig: (request) => validateResourceConfig(session, request),
    ValidateDataResourceConfig: validateDataResourceConfig,
    UpgradeResourceState: (request) => upgradeResourceState(session, request),
    ReadResource: (request, context) => readResource(session, request, context),
    PlanResourceChange: (request, context) => planResourceChange(session, request, context),
    ApplyResourceChange: (request, context) => applyResourceChange(session, request, context),
    ImportResourceState: (request) => importResourceState(session, request),
    MoveResourceState: moveResourceState,
    ReadDataSource: (request, context) => readDataSource(session, request, context),
    ValidateEphemeralResourceConfig: validateEphemeralResourceConfig,
    OpenEphemeralResource: (request, context) => openEphemeralResource(session, request, context),
    RenewEphemeralResource: (request, context) => renewEphemeralResource(session, request, context),
    CloseEphemeralResource: (request) => closeEphemeralResource(session, request),
    ValidateListResourceConfig: validateListResourceConfig,
    ListResource: (request, context) => listResource(session, request, context),
    ValidateActionConfig: validateActionConfig,
    PlanAction: planAction,
    InvokeAction: (request, context) => invokeAction(session, request, context),
    CallFunction: callFunction,
  };
}
