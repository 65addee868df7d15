/** What is particular to service accounts: their grants refer to roles, and are power handed on. */
import { equalValues } from '../../../terraform-provider-spec/derive/validate.ts';
import type { Json, JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { requireEveryRight } from '../authority.ts';
import { type Convergence, invalid } from '../convergence.ts';
import { grantedPermissions } from '../principal.ts';
import type { ProblemDetail } from '../problem.ts';
import { OWNER, rolePermissions } from '../roles.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Context } from '../write.ts';

interface Grant {
  readonly role: string;
  readonly scope: string;
}

/**
 * Checks what the account refers to, and that the caller holds all that the grants would give (also when a disabled
 * account comes back to life). Answers whether the account will hold the role `owner`.
 */
export function checkAccount(context: Context, { kind, address, stored, desired }: Convergence): boolean {
  const { draft, principal } = context;
  const organization = address.split('/').slice(0, 2).join('/');
  const grants = desired.grants as unknown as Grant[];
  const problems = [
    ...referenceProblems(draft, organization, '/scope', desired.scope as string),
    ...grants.flatMap((grant, index) => grantProblems(draft, organization, index, grant)),
  ];
  if (problems.length > 0) throw invalid(problems);

  const type = kind.attributes.grants;
  const widened = type !== undefined && !equalValues(type, stored?.attributes.grants ?? [], desired.grants as Json);
  const revived = stored?.attributes.disabled === true && desired.disabled === false;
  if (widened || revived) requireEveryRight(principal, address, grantedPermissions(draft, organization, desired));
  return isOwnerAccount(desired);
}

/** Whether an account with these attributes holds the role `owner` of its organization. */
export function isOwnerAccount(attributes: JsonObject): boolean {
  const grants = attributes.grants as unknown as Grant[];
  return grants.some(({ role, scope }) => role === OWNER && scope === 'organization');
}

function grantProblems(snapshot: Snapshot, organization: string, index: number, grant: Grant): ProblemDetail[] {
  const unknownRole = rolePermissions(snapshot, organization, grant.role) === undefined;
  return [
    ...(unknownRole
      ? [{ pointer: `/grants/${index}/role`, detail: `names no role: there is no ${organization}/roles/${grant.role}` }]
      : []),
    ...referenceProblems(snapshot, organization, `/grants/${index}/scope`, grant.scope),
  ];
}

function referenceProblems(snapshot: Snapshot, organization: string, pointer: string, scope: string): ProblemDetail[] {
  if (scope === 'organization' || snapshot.resource(`${organization}/${scope}`) !== undefined) return [];
  return [{ pointer, detail: `refers to what does not exist: there is no ${organization}/${scope}` }];
}
