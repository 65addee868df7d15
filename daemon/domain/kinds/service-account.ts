/** What is particular to service accounts: their grants refer to roles, and are power handed on. */
import type { JsonObject } from '../../../terraform-provider-spec/kind.ts';
import { allows } from '../../../terraform-provider-spec/permission.ts';
import type { DeleteRequest } from '../api.ts';
import { requireEveryRight } from '../authority.ts';
import { requireManager } from '../contract.ts';
import { type Convergence, invalid } from '../convergence.ts';
import { referrersLeft } from '../in-use.ts';
import type { Resource } from '../model.ts';
import { grantedPermissions } from '../principal.ts';
import type { ProblemDetail } from '../problem.ts';
import { OWNER, rolePermissions } from '../roles.ts';
import type { Snapshot } from '../snapshot.ts';
import { statusOf } from '../token-state.ts';
import type { Context } from '../write.ts';
import type { Behaviour } from './behaviour.ts';

interface Grant {
  readonly role: string;
  readonly scope: string;
}

export const serviceAccount: Behaviour = {
  account: (snapshot, address) => snapshot.resource(address),
  check: (context, convergence) => ({ owner: checkAccount(context, convergence) }),
  dependants: cascade,
};

/**
 * Checks what the account refers to, and that the caller holds all that the grants would give (also when a disabled
 * account comes back to life). Answers whether the account will hold the role `owner`.
 */
function checkAccount(context: Context, { address, stored, desired }: Convergence): boolean {
  const { draft, principal } = context;
  const organization = address.split('/').slice(0, 2).join('/');
  const grants = desired.grants as unknown as Grant[];
  const problems = [
    ...referenceProblems(draft, organization, '/scope', desired.scope as string),
    ...grants.flatMap((grant, index) => grantProblems(draft, organization, index, grant)),
  ];
  if (problems.length > 0) throw invalid(problems);

  const granted = grantedPermissions(draft, organization, desired);
  const revived = stored?.attributes.disabled === true && desired.disabled === false;
  const before = stored === undefined || revived ? [] : grantedPermissions(draft, organization, stored.attributes);
  const added = granted.filter((permission) => !allows(before, permission));
  requireEveryRight(principal, address, added);
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

/** The tokens that go with the account. Those that another manager declares, or live ones where that is forbidden, keep it. */
function cascade({ draft, now }: Context, account: Resource, request: DeleteRequest): readonly Resource[] {
  const tokens = draft.children(account.address);
  for (const token of tokens) if (token.managed_by !== null) requireManager(token, request);
  if (request.cascade !== false) return tokens;
  const live = tokens.filter((token) => statusOf(draft, token, now).status === 'active');
  if (live.length === 0) return tokens;
  throw referrersLeft(
    'live-tokens',
    `${account.address} still has live tokens, and the request forbids to end them`,
    live,
  );
}
