/** Where a resource lies, and so which grants reach it. */
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Snapshot } from './snapshot.ts';

/** The scope of everything in an organization. */
export const ORGANIZATION_SCOPE = 'organization';

/** How deep the tree of projects can be: one at the top has depth 1. */
export const PROJECT_DEPTH = 8;

/** A place within one organization, at which somebody wants to do something. */
export interface Place {
  /** Address of the organization. */
  readonly organization: string;
  /** The scopes whose grants reach it: always `organization`, and `projects/x`, `teams/x`, `apps/x` as it lies. */
  readonly scopes: ReadonlySet<string>;
  /** Whether it is an app or a part of one: team isolation asks only there. */
  readonly isApp: boolean;
}

/**
 * The place of the resource at `address`, whether or not there is one. `attributes` are those that it has or is to have;
 * the stored ones if left out. What lies below an account or app is where that is.
 */
export function placeOf(snapshot: Snapshot, address: string, attributes?: JsonObject): Place {
  const organization = organizationOf(address);
  const [collection, name] = address.split('/').slice(2, 4);
  if (collection === undefined || name === undefined) return organizationPlace(organization);
  const direct = DIRECT_SCOPES[collection];
  if (direct === undefined) return organizationPlace(organization);
  const top = `${organization}/${collection}/${name}`;
  const own = attributes !== undefined && top === address ? attributes : snapshot.resource(top)?.attributes;
  const scopes = new Set([ORGANIZATION_SCOPE]);
  // A free address lies in the organization and nowhere else: a grant at `apps/x` is none to create that app.
  if (own !== undefined) {
    for (const scope of direct(name, own))
      for (const wider of withParents(snapshot, organization, scope)) scopes.add(wider);
  }
  return { organization, scopes, isApp: collection === 'apps' };
}

/** The organization itself, as a place. */
export function organizationPlace(organization: string): Place {
  return { organization, scopes: new Set([ORGANIZATION_SCOPE]), isApp: false };
}

/** The place that a scope names: what is granted there reaches it, and what is granted above it. */
export function placeOfScope(snapshot: Snapshot, organization: string, scope: string): Place {
  return scope === ORGANIZATION_SCOPE ? organizationPlace(organization) : placeOf(snapshot, `${organization}/${scope}`);
}

/** The project and those above it, as scopes; other scopes have none above but the organization. */
export function withParents(snapshot: Snapshot, organization: string, scope: string): string[] {
  if (!scope.startsWith('projects/')) return [scope];
  const chain = [scope];
  // The tree has no cycles; the limit keeps a damaged one from hanging the daemon.
  for (let last = scope; chain.length <= PROJECT_DEPTH; ) {
    const parent = snapshot.resource(`${organization}/${last}`)?.attributes.parent;
    if (typeof parent !== 'string') break;
    last = `projects/${parent}`;
    chain.push(last);
  }
  return chain;
}

/** The scopes in which the resources of a collection lie directly, by their name and attributes. */
const DIRECT_SCOPES: Readonly<Record<string, (name: string, attributes: JsonObject) => string[]>> = {
  projects: (name, { parent }) => [`projects/${name}`, ...(typeof parent === 'string' ? [`projects/${parent}`] : [])],
  teams: (name) => [`teams/${name}`],
  apps: (name, { project, teams }) => [
    `apps/${name}`,
    ...(typeof project === 'string' ? [`projects/${project}`] : []),
    ...((teams ?? []) as string[]).map((team) => `teams/${team}`),
  ],
  accounts: (_name, { scope }) => (typeof scope === 'string' && scope !== ORGANIZATION_SCOPE ? [scope] : []),
};
