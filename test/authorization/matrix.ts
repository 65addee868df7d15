/** The authorization matrix: what each operation of the API answers to each kind of caller. */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';

export const CALLERS = [
  /** No credential. */
  'nobody',
  'expired',
  'revoked',
  /** The token of an account that is disabled. */
  'disabled',
  /** The owner of another organization. */
  'stranger',
  /** The admin of another team than that in which the target lies. */
  'neighbour',
  'viewer',
  /** Everything that any operation needs, but not what this one does. */
  'lacking',
  /** A token of an app. */
  'app',
  /** One for another purpose, of an account that may do anything: for SCIM where the API is asked, and the reverse. */
  'purpose',
  'enrolment',
  /** What the operation needs, what handing on demands, and nothing else. */
  'enough',
] as const;

export type CallerKind = (typeof CALLERS)[number];

/** The status of the answer to each. */
export type Answers = Readonly<Record<CallerKind, number>>;

export interface Row {
  /** By the path parameter: what is not unique to the row. */
  readonly names?: Readonly<Record<string, string>>;
  /** What is at the target beforehand; nothing if left out. */
  readonly there?: JsonObject;
  /** The token that is there is revoked in an emergency. */
  readonly latched?: true;
  readonly body?: JsonObject;
  /** Without the question mark. */
  readonly query?: string;
  /** What it needs, where the document does not say. */
  readonly needs?: readonly string[];
  /** What is needed besides, since something is handed on or another organization entered. */
  readonly also?: readonly string[];
  /** The resource that SCIM knows by its id, as the collection of its address. */
  readonly byId?: 'users' | 'teams';
  /** It ends the secret that it is asked with. */
  readonly consumes?: true;
  readonly answers: Answers;
}

const GUARDED = {
  nobody: 401,
  expired: 401,
  revoked: 401,
  disabled: 401,
  stranger: 404,
  neighbour: 403,
  viewer: 403,
  lacking: 403,
  app: 403,
  purpose: 403,
  enrolment: 403,
} as const;

const READ: Answers = { ...GUARDED, viewer: 200, enough: 200 };
const CHANGE: Answers = { ...GUARDED, enough: 200 };
const CREATE: Answers = { ...GUARDED, enough: 201 };
const REMOVE: Answers = { ...GUARDED, enough: 204 };
/** For whoever has a good credential for the API. */
const ANYBODY: Answers = { ...READ, stranger: 200, neighbour: 200, lacking: 200 };
const OPEN = Object.fromEntries(CALLERS.map((caller) => [caller, 200])) as Answers;

/** It lies in a team, and the neighbour may do this in another one: then it is not there. */
const HIDDEN = { neighbour: 404 } as const;
/** The list is there for all who may read some of it, and shows them those. */
const PARTIAL = { neighbour: 200 } as const;
/** An organization other than one's own is there for the owners of the installation alone. */
const FOREIGN = { neighbour: 404, viewer: 404 } as const;

/** A role of the stage that holds `builds.read`. */
const HOLDER = { grants: [{ role: 'holder' }] };
const HOLDER_AT_BLUE = { scope: 'teams/blue', grants: [{ role: 'holder', scope: 'teams/blue' }] };
const BUILDS = { also: ['builds.read'] } as const;
const NARROW = { permissions: ['builds.read'] };
const RENAMED = { display_name: 'Renamed' };
const ROTATED = { rotation: 'again', overlap: '1h' };
const LATCHED = { there: {}, latched: true } as const;
const LATCHED_NARROW = { there: NARROW, latched: true } as const;
/** What is there was made when the clock stood still. */
const DELIVERED = { body: { rotated_at: '2030-01-01T00:00:00Z' } };
const REASON = { body: { reason: 'other' } };

const SCIM_USER = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'somebody' };
const SCIM_GROUP = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'Some people' };
const SCIM_PATCH = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', path: 'displayName', value: 'Renamed' }],
};

/** By `operationId`; a name behind a colon tells cases of the same operation apart. */
export const MATRIX: Readonly<Record<string, Row>> = {
  listOrganizations: { answers: { ...READ, stranger: 200 } },
  getOrganization: { names: { organization: 'default' }, answers: READ },
  putOrganization: { names: { organization: 'default' }, body: RENAMED, answers: CHANGE },
  'putOrganization:create': { body: {}, also: ['owners.write'], answers: { ...CREATE, ...FOREIGN } },
  deleteOrganization: { there: {}, also: ['owners.write'], answers: { ...REMOVE, ...FOREIGN } },

  listProjects: { answers: READ },
  getProject: { there: {}, answers: READ },
  putProject: { there: {}, body: RENAMED, answers: CHANGE },
  'putProject:create': { body: {}, answers: CREATE },
  deleteProject: { there: {}, answers: REMOVE },

  listTeams: { answers: { ...READ, ...PARTIAL } },
  getTeam: { there: {}, answers: { ...READ, ...HIDDEN } },
  putTeam: { there: {}, body: RENAMED, answers: CHANGE },
  'putTeam:create': { body: {}, answers: CREATE },
  deleteTeam: { there: {}, answers: REMOVE },

  listApps: { answers: { ...READ, ...PARTIAL } },
  getApp: { there: { teams: ['blue'] }, answers: { ...READ, ...HIDDEN } },
  putApp: { there: { teams: ['blue'] }, body: { teams: ['blue'], ...RENAMED }, answers: CHANGE },
  'putApp:create': { body: { teams: ['blue'] }, answers: CREATE },
  deleteApp: { there: { teams: ['blue'] }, answers: REMOVE },

  listRoles: { answers: READ },
  getRole: { there: {}, answers: READ },
  putRole: { there: {}, body: NARROW, ...BUILDS, answers: CHANGE },
  'putRole:create': { body: NARROW, ...BUILDS, answers: CREATE },
  deleteRole: { there: {}, answers: REMOVE },

  listTokenProfiles: { answers: READ },
  getTokenProfile: { there: {}, answers: READ },
  putTokenProfile: { there: {}, body: RENAMED, answers: CHANGE },
  'putTokenProfile:create': { body: {}, answers: CREATE },
  deleteTokenProfile: { there: {}, answers: REMOVE },

  listUsers: { answers: READ },
  getUser: { there: {}, answers: READ },
  putUser: { there: {}, body: HOLDER, ...BUILDS, answers: CHANGE },
  'putUser:create': { body: HOLDER, ...BUILDS, answers: CREATE },
  deleteUser: { there: HOLDER, answers: REMOVE },
  enrolUser: { there: HOLDER, body: {}, ...BUILDS, answers: CREATE },

  listServiceAccounts: { answers: { ...READ, ...PARTIAL } },
  getServiceAccount: { there: HOLDER_AT_BLUE, answers: { ...READ, ...HIDDEN } },
  putServiceAccount: {
    there: { scope: 'teams/blue' },
    body: HOLDER_AT_BLUE,
    ...BUILDS,
    answers: { ...CHANGE, ...HIDDEN },
  },
  'putServiceAccount:create': { body: HOLDER_AT_BLUE, ...BUILDS, answers: { ...CREATE, ...HIDDEN } },
  deleteServiceAccount: { there: HOLDER_AT_BLUE, answers: { ...REMOVE, ...HIDDEN } },

  listServiceAccountTokens: { answers: { ...READ, ...HIDDEN } },
  getServiceAccountToken: { there: {}, answers: { ...READ, ...HIDDEN } },
  putServiceAccountToken: { there: {}, body: ROTATED, ...BUILDS, answers: { ...CHANGE, ...HIDDEN } },
  'putServiceAccountToken:create': { body: {}, ...BUILDS, answers: { ...CREATE, ...HIDDEN } },
  deleteServiceAccountToken: { there: {}, answers: { ...REMOVE, ...HIDDEN } },
  rotateServiceAccountToken: { there: {}, body: {}, ...BUILDS, answers: { ...CHANGE, ...HIDDEN } },
  deliverServiceAccountToken: { there: {}, ...DELIVERED, answers: { ...CHANGE, ...HIDDEN } },
  getServiceAccountTokenRevocation: { ...LATCHED, answers: { ...READ, ...HIDDEN } },
  revokeServiceAccountToken: { there: {}, ...REASON, answers: { ...CHANGE, ...HIDDEN } },
  restoreServiceAccountToken: { ...LATCHED, ...BUILDS, answers: { ...REMOVE, ...HIDDEN } },

  listAppTokens: { answers: READ },
  getAppToken: { there: {}, answers: READ },
  putAppToken: { there: NARROW, body: { ...NARROW, ...ROTATED }, ...BUILDS, answers: CHANGE },
  'putAppToken:create': { body: NARROW, ...BUILDS, answers: CREATE },
  deleteAppToken: { there: {}, answers: REMOVE },
  rotateAppToken: { there: NARROW, body: {}, ...BUILDS, answers: CHANGE },
  deliverAppToken: { there: {}, ...DELIVERED, answers: CHANGE },
  getAppTokenRevocation: { ...LATCHED, answers: READ },
  revokeAppToken: { there: {}, ...REASON, answers: CHANGE },
  restoreAppToken: { ...LATCHED_NARROW, ...BUILDS, answers: REMOVE },

  listPersonalAccessTokens: { answers: READ },
  getPersonalAccessToken: { there: {}, answers: READ },
  putPersonalAccessToken: { there: {}, body: ROTATED, answers: { ...CHANGE, enrolment: 200 } },
  // The user's enrolment creates it, and the user's token converges what is there then.
  'putPersonalAccessToken:create': { body: {}, answers: { ...CHANGE, enrolment: 201 } },
  deletePersonalAccessToken: { there: {}, answers: REMOVE },
  rotatePersonalAccessToken: { there: {}, body: {}, answers: CHANGE },
  deliverPersonalAccessToken: { there: {}, ...DELIVERED, answers: CHANGE },
  getPersonalAccessTokenRevocation: { ...LATCHED, answers: READ },
  revokePersonalAccessToken: { there: {}, ...REASON, answers: CHANGE },
  restorePersonalAccessToken: { ...LATCHED, ...BUILDS, answers: REMOVE },

  listManifests: { answers: READ },
  getManifest: { there: {}, answers: READ },
  putManifest: { there: {}, body: {}, answers: CHANGE },
  'putManifest:create': {
    body: { roles: { declared: NARROW } },
    also: ['roles.write', 'builds.read'],
    answers: CREATE,
  },
  deleteManifest: { there: {}, answers: REMOVE },
  // What a right to each of the tokens is needed for besides is in the suite of manifests.
  deliverManifest: { there: {}, body: { tokens: [] }, answers: CHANGE },

  // Whoever may read tokens of another kind, or has some of the own, is shown those.
  listTokens: { answers: { ...READ, ...PARTIAL, lacking: 200 } },
  countTokens: { answers: { ...READ, ...PARTIAL, lacking: 200 } },
  listAuditEvents: { answers: READ },

  authorize: {
    query: 'permission=builds.read&scope=teams/blue',
    needs: ['builds.read'],
    answers: { ...READ, stranger: 403, enrolment: 401 },
  },
  // The neighbour may ask about tokens somewhere, and not in the whole organization.
  introspect: { body: { token: 'nonsense' }, answers: { ...CHANGE, ...HIDDEN } },
  getSelf: { answers: ANYBODY },
  issueAccessToken: {
    body: { grant_type: 'client_credentials' },
    answers: { ...ANYBODY, app: 200, purpose: 400, enrolment: 400 },
  },
  // Of a token that does not work nobody learns anything.
  revokeToken: { body: { token: 'nonsense' }, answers: { ...ANYBODY, app: 200, purpose: 200, enrolment: 400 } },
  rotateSigningKeys: { body: {}, also: ['owners.write'], answers: CHANGE },
  getAuthorizationServer: { answers: OPEN },
  getKeySet: { answers: OPEN },
  rotateSelf: { body: {}, consumes: true, answers: ANYBODY },
  recycleKey: { consumes: true, answers: ANYBODY },
  // Every token for SCIM asks in its own organization: the stranger is served there.
  listScimUsers: { answers: { ...READ, stranger: 200 } },
  createScimUser: { body: SCIM_USER, answers: { ...CREATE, stranger: 201 } },
  getScimUser: { there: {}, byId: 'users', answers: READ },
  replaceScimUser: { there: {}, byId: 'users', body: { ...SCIM_USER, userName: 'renamed' }, answers: CHANGE },
  patchScimUser: { there: {}, byId: 'users', body: SCIM_PATCH, answers: CHANGE },
  deleteScimUser: { there: {}, byId: 'users', answers: REMOVE },
  // The neighbour may read a team, and not the teams of the organization.
  listScimGroups: { answers: { ...READ, stranger: 200, ...HIDDEN } },
  createScimGroup: { body: SCIM_GROUP, answers: { ...CREATE, stranger: 201 } },
  getScimGroup: { there: {}, byId: 'teams', answers: { ...READ, ...HIDDEN } },
  replaceScimGroup: { there: {}, byId: 'teams', body: SCIM_GROUP, answers: CHANGE },
  patchScimGroup: { there: {}, byId: 'teams', body: SCIM_PATCH, answers: CHANGE },
  deleteScimGroup: { there: {}, byId: 'teams', answers: REMOVE },
  getScimServiceProviderConfig: { answers: ANYBODY },
  listScimSchemas: { answers: ANYBODY },
  getScimSchema: { names: { id: SCIM_USER.schemas[0] as string }, answers: ANYBODY },
  listScimResourceTypes: { answers: ANYBODY },
  getScimResourceType: { names: { id: 'User' }, answers: ANYBODY },

  getHealth: { answers: OPEN },
  getReadiness: { answers: OPEN },
  // With the setting under which a token is needed from everywhere. They are the installation's.
  getMetrics: { answers: { ...READ, stranger: 403, enrolment: 401 } },
  getOpenApi: { answers: OPEN },
  // Terraform presents no credential to where it installs from.
  discoverTerraformServices: { answers: OPEN },
  listProviderVersions: { answers: OPEN },
  getProviderPackage: { names: { version: '0.1.0', os: 'linux', arch: 'amd64' }, answers: OPEN },
  listMirroredProviderVersions: { answers: OPEN },
  listMirroredProviderPackages: { names: { version: '0.1.0' }, answers: OPEN },
  getProviderFile: {
    names: { version: '0.1.0', file: 'terraform-provider-accredit_0.1.0_SHA256SUMS' },
    answers: OPEN,
  },
};
