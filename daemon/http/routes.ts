/** Every path of the management API with its operations, derived from the kinds. */
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import type { OptionalPaths } from '../../terraform-provider-spec/derive/openapi/fixed-paths.ts';
import type { Kind } from '../../terraform-provider-spec/kind.ts';
import { KINDS, kindNamed, lineage, TOKEN_KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { MANIFEST, manifestAddress } from '../../terraform-provider-spec/manifest.ts';
import type { Operation, PathNames } from './operation.ts';
import { auditEvents } from './operations/audit.ts';
import {
  deleteManifest,
  deliverAll,
  deliverToken,
  getManifest,
  listManifests,
  putManifest,
} from './operations/manifests.ts';
import { recycleKey } from './operations/recycle-key.ts';
import { deleteResource, getResource, listResources, putResource } from './operations/resources.ts';
import { rotateSigningKeys } from './operations/signing-keys.ts';
import {
  countTokens,
  getRevocation,
  putRevocation,
  restoreToken,
  rotateSelf,
  rotateToken,
} from './operations/tokens.ts';
import { enrolUser } from './operations/users.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface Route {
  /** As the router takes it: `/v1/organizations/:organization`. */
  readonly path: string;
  readonly operations: Readonly<Partial<Record<Method, Operation>>>;
}

/** The routes, each path once, with those of the optional ones that are wanted. Throws when two kinds claim one path. */
export function routes(served: OptionalPaths): Route[] {
  const optional = served.recycleKey ? [recycleKeyRoute()] : [];
  const fixed = [...organizationRoutes(), ...manifestRoutes(), ...userRoutes(), selfRoute(), signingKeysRoute()];
  const all = [...KINDS.flatMap(routesOf), ...fixed, ...optional];
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
    operations: { GET: getResource(address), PUT: putResource(kind, address), DELETE: deleteResource(kind, address) },
  };
  const collection: Route = {
    path: `${parent === undefined ? '/v1' : resourcePath(parent)}/${kind.collection}`,
    operations: { GET: listResources([kind], parentAddress) },
  };
  return [own, collection, ...(kind.token ? tokenRoutes(kind, address) : [])];
}

function tokenRoutes(kind: Kind, address: (names: PathNames) => string): Route[] {
  return [
    { path: `${resourcePath(kind)}/rotation`, operations: { POST: rotateToken(address) } },
    { path: `${resourcePath(kind)}/delivered`, operations: { POST: deliverToken(address) } },
    {
      path: `${resourcePath(kind)}/revocation`,
      operations: { GET: getRevocation(address), PUT: putRevocation(address), DELETE: restoreToken(address) },
    },
  ];
}

function organizationRoutes(): Route[] {
  const organization = kindNamed('organization');
  const address = (names: PathNames) => formatAddress(organization, names);
  const path = resourcePath(organization);
  return [
    { path: `${path}/tokens`, operations: { GET: listResources(TOKEN_KINDS, address, { everywhere: true }) } },
    { path: `${path}/token-counts`, operations: { GET: countTokens(address) } },
    { path: `${path}/audit-events`, operations: { GET: auditEvents(address) } },
  ];
}

function manifestRoutes(): Route[] {
  const organization = kindNamed('organization');
  const within = (names: PathNames) => formatAddress(organization, names);
  const address = (names: PathNames) => manifestAddress(within(names), names[MANIFEST.parameter] ?? '');
  const collection = `${resourcePath(organization)}/${MANIFEST.collection}`;
  return [
    {
      path: `${collection}/:${MANIFEST.parameter}`,
      operations: { GET: getManifest(address), PUT: putManifest(address), DELETE: deleteManifest(address) },
    },
    { path: `${collection}/:${MANIFEST.parameter}/delivered`, operations: { POST: deliverAll(address) } },
    { path: collection, operations: { GET: listManifests(within) } },
  ];
}

function userRoutes(): Route[] {
  const user = kindNamed('user');
  const address = (names: PathNames) => formatAddress(user, names);
  return [{ path: `${resourcePath(user)}/enrolment`, operations: { POST: enrolUser(address) } }];
}

function selfRoute(): Route {
  return { path: '/v1/self/rotate', operations: { POST: rotateSelf() } };
}

function signingKeysRoute(): Route {
  return { path: '/v1/signing-keys/rotation', operations: { POST: rotateSigningKeys() } };
}

function recycleKeyRoute(): Route {
  return { path: '/automate/recycle_key.json', operations: { PUT: recycleKey() } };
}

function resourcePath(kind: Kind): string {
  const levels = lineage(kind).map(({ collection, parameter }) => `/${collection}/:${parameter}`);
  return `/v1${levels.join('')}`;
}
