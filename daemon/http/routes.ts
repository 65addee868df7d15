/** Every path of the management API with its operations, derived from the kinds. */
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import type { Kind } from '../../terraform-provider-spec/kind.ts';
import { KINDS, kindNamed, lineage } from '../../terraform-provider-spec/kinds/index.ts';
import type { Operation, PathNames } from './operation.ts';
import { auditEvents } from './operations/audit.ts';
import { deleteResource, getResource, listResources, putResource } from './operations/resources.ts';
import { getRevocation, putRevocation, restoreToken, rotateSelf, rotateToken } from './operations/tokens.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface Route {
  /** As the router takes it: `/v1/organizations/:organization`. */
  readonly path: string;
  readonly operations: Readonly<Partial<Record<Method, Operation>>>;
}

/** The routes, each path once. Throws when two kinds claim one path. */
export function routes(): Route[] {
  const all = [...KINDS.flatMap(routesOf), ...organizationRoutes(), selfRoute()];
  const twice = all.find(({ path }, index) => all.findIndex((other) => other.path === path) !== index);
  if (twice !== undefined) throw new Error(`two kinds claim the path ${twice.path}`);
  return all;
}

function routesOf(kind: Kind): Route[] {
  const parent = kind.parent === undefined ? undefined : kindNamed(kind.parent);
  const address = (names: PathNames) => formatAddress(kind, names);
  const parentAddress = (names: PathNames) => (parent === undefined ? '' : formatAddress(parent, names));
  const own: Route = {
    path: resourcePath(kind),
    operations: {
      GET: getResource(address),
      ...(!kind.builtIn && { PUT: putResource(address), DELETE: deleteResource(address) }),
    },
  };
  const collection: Route = {
    path: `${parent === undefined ? '/v1' : resourcePath(parent)}/${kind.collection}`,
    operations: { GET: listResources(kind, parentAddress) },
  };
  return [own, collection, ...(kind.token ? tokenRoutes(kind, address) : [])];
}

function tokenRoutes(kind: Kind, address: (names: PathNames) => string): Route[] {
  const [organization] = lineage(kind) as [Kind, ...Kind[]];
  const everywhere = listResources(kind, (names) => formatAddress(organization, names), { everywhere: true });
  return [
    { path: `${resourcePath(kind)}/rotation`, operations: { POST: rotateToken(address) } },
    {
      path: `${resourcePath(kind)}/revocation`,
      operations: { GET: getRevocation(address), PUT: putRevocation(address), DELETE: restoreToken(address) },
    },
    { path: `${resourcePath(organization)}/${kind.collection}`, operations: { GET: everywhere } },
  ];
}

function organizationRoutes(): Route[] {
  const organization = kindNamed('organization');
  const address = (names: PathNames) => formatAddress(organization, names);
  return [{ path: `${resourcePath(organization)}/audit-events`, operations: { GET: auditEvents(address) } }];
}

function selfRoute(): Route {
  return { path: '/v1/self/rotate', operations: { POST: rotateSelf() } };
}

function resourcePath(kind: Kind): string {
  const levels = lineage(kind).map(({ collection, parameter }) => `/${collection}/:${parameter}`);
  return `/v1${levels.join('')}`;
}
