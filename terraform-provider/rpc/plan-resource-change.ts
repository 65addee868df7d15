import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type {
  CallContext,
  Diagnostic,
  PlanResourceChangeRequest,
  PlanResourceChangeResponse,
} from '../plugin/messages.ts';
import { isNullDynamic, type ValueRecord } from '../values/value.ts';
import { advice } from './advice.ts';
import { destruction } from './destruction.ts';
import { error, pathTo, warning } from './diagnostics.ts';
import { identityOf } from './identity.ts';
import { decodeState, encodeState } from './mapping.ts';
import { ownSecret, type Plan, plan, secretAttribute } from './planning.ts';
import { decodePrivate, encodePrivate, isRenamed } from './private-state.ts';
import { isProtected, protectedFromDestroy, protectedFromParent, protectedFromReplacement } from './protection.ts';
import { dueWarnings } from './schedule.ts';
import { resourceOf } from './schemas.ts';
import type { Session } from './session.ts';
import { secretInState } from './validation.ts';

/** Plans a change, and warns of what it would take over or cut off. */
export async function planResourceChange(
  session: Session,
  request: PlanResourceChangeRequest,
  { signal }: CallContext,
): Promise<PlanResourceChangeResponse> {
  const schema = resourceOf(request.type_name);
  const prior = decodeState(schema, request.prior_state);
  const config = decodeState(schema, request.config);
  const { organization, manager } = session;
  const remembered = decodePrivate(request.prior_private);
  const { due } = remembered;
  const renamed = isRenamed(remembered, prior, manager);
  const adopt = remembered.imported === true || renamed;
  // What is remembered goes on to the new object of a replacement and to the deletion of the old one.
  const planned_private = renamed ? encodePrivate({ ...remembered, imported: true }) : request.prior_private;
  if (config === null || isNullDynamic(request.proposed_new_state)) {
    const { client } = session;
    const isAsked = prior !== null && client !== undefined && !isApplying(request);
    const refused = isProtected(prior)
      ? [protectedFromDestroy(schema, String(prior?.id))]
      : goesWithParent(session, schema, request, { prior, isEnding: true });
    const diagnostics =
      refused.length === 0 && isAsked ? await destruction(client, { schema, prior, adopt, signal }) : refused;
    const planned_identity = request.prior_identity;
    return { planned_state: encodeState(schema, null), planned_private, planned_identity, diagnostics };
  }
  if (session.forbidsSecretsInState) {
    const diagnostics = secretInState(schema, config);
    if (diagnostics.length > 0) return { diagnostics };
  }
  const made = plan({ schema, prior, config, organization, manager, adopts: adopt, due });
  const kept = keptSecret(schema, prior, made, config);
  if (kept !== undefined && session.forbidsSecretsInState) {
    const detail = `The provider is configured with forbid_secrets_in_state. ${kept.detail}`;
    return { diagnostics: [error('A secret would stay in the Terraform state', detail, kept.attribute)] };
  }
  const { id: address } = prior ?? made.planned;
  const replaces =
    prior === null ? session.isProtected(String(address)) : made.replacedBy.length > 0 && isProtected(prior);
  if (replaces) return { diagnostics: [protectedFromReplacement(schema, String(address), made.replacedBy)] };
  const refused = goesWithParent(session, schema, request, { prior, isEnding: made.replacedBy.length > 0 });
  if (refused.length > 0) return { diagnostics: refused };
  return {
    planned_state: encodeState(schema, made.planned),
    requires_replace: made.replacedBy.map(pathTo),
    planned_private,
    planned_identity: identityOf(schema, made.planned.id),
    diagnostics: isApplying(request)
      ? []
      : [
          ...(kept === undefined ? [] : [kept]),
          ...dueWarnings({ schema, prior, planned: made.planned, config, due: due === true }),
          ...(await advice(session, { schema, prior, config, made, adopt, signal })),
        ],
  };
}

/**
 * While it applies, Terraform plans once more, too late for advice: what was there is partly replaced by then. Only this
 * capability tells the two apart; in a release of Terraform that sends it otherwise, a warning comes twice or not at all.
 */
function isApplying({ client_capabilities }: PlanResourceChangeRequest): boolean {
  return client_capabilities?.deferral_allowed === true;
}

/** Not while it applies: what is destroyed then was planned so, and may be the late destroy of what has a successor. */
function goesWithParent(
  session: Session,
  schema: TerraformSchema,
  request: PlanResourceChangeRequest,
  { prior, isEnding }: { prior: ValueRecord | null; isEnding: boolean },
): Diagnostic[] {
  if (prior === null || isApplying(request)) return [];
  const address = String(prior.id);
  // What another instance in the state has taken over since stays where it is.
  const isOver = (session.inState.get(address)?.size ?? 0) > 1;
  return protectedFromParent(session, schema, {
    address,
    isEnding: isEnding && !isOver,
    isKept: !isEnding && isProtected(prior),
  });
}

/** A hash that is not sent would leave the daemon's secret in the state without a word. */
function keptSecret(
  schema: TerraformSchema,
  prior: ValueRecord | null,
  { planned }: Plan,
  config: ValueRecord,
): Diagnostic | undefined {
  const own = ownSecret(schema, config);
  const secret = secretAttribute(schema);
  if (prior === null || own?.source.from !== 'write-only' || secret === undefined) return undefined;
  if ((config[own.name] ?? null) === null || typeof planned[secret.name] !== 'string') return undefined;
  return warning(
    `${own.name} is not sent`,
    `The daemon made the present secret, which stays in the state. ${own.name} is sent when ${own.source.version} changes.`,
    pathTo(own.name),
  );
}
