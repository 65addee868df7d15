/**
 * SCIM resources (RFC 7643, section 4) and what Accredit keeps of them: a User is a user, a Group is a team. What only
 * SCIM knows is kept beside the attributes, as `provisioned`, and comes back as it was sent.
 */
import { createHash } from 'node:crypto';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Resource } from '../domain/model.ts';
import type { ScimResourceType } from './attributes.ts';
import { badRequest } from './errors.ts';
import { ENTERPRISE_USER_SCHEMA, GROUP_SCHEMA, GROUP_TYPE, USER_SCHEMA, USER_TYPE } from './schemas.ts';
import { isObject, readAttributes } from './values.ts';

/** What is kept: Accredit's attributes, and what only SCIM knows; null for what was not made through SCIM. */
export interface Kept {
  readonly attributes: JsonObject;
  readonly provisioned: JsonObject | null;
}

/** A stored user or team. */
export type Stored = Kept & Pick<Resource, 'name' | 'uid' | 'revision' | 'created_at' | 'updated_at'>;

/** A group as a user shows it, or a member as a group shows it. */
export interface Related {
  readonly uid: string;
  readonly display: string;
}

/** A display name that is put together from others is cut to what Accredit takes. */
const LONGEST_DISPLAY_NAME = 256;

/**
 * `user` as SCIM shows it (RFC 7643, section 4.1). `base` is the address under which SCIM is served, `groups` the teams
 * that the user belongs to.
 */
export function presentUser(user: Stored, base: string, groups: readonly Related[]): JsonObject {
  const { emails: _emails, displayName: _displayName, userName: _userName, ...sent } = user.provisioned ?? {};
  const emails = emailsOf(user);
  const displayName = displayNameOf(user);
  return {
    schemas: [USER_SCHEMA, ...(ENTERPRISE_USER_SCHEMA in sent ? [ENTERPRISE_USER_SCHEMA] : [])],
    id: user.uid,
    userName: userNameOf(user),
    ...sent,
    ...(displayName !== null && { displayName }),
    ...(emails.length > 0 && { emails }),
    active: user.attributes.active !== false,
    groups: groups.map((group) => ({ ...related(group, base, GROUP_TYPE), type: 'direct' })),
    meta: metaOf(user, base, USER_TYPE, groups),
  };
}

/**
 * What is to be kept of a User in a body (RFC 7644, sections 3.3 and 3.5.1): of `stored`, if there is one, everything that
 * SCIM does not know. Throws `invalidSyntax` and `invalidValue`.
 */
export function readUser(body: Json, stored?: Kept): Kept & { readonly provisioned: JsonObject } {
  const { active, ...provisioned } = read(USER_TYPE, body);
  const attributes = {
    ...stored?.attributes,
    display_name: displayNameFrom(provisioned),
    email: emailFrom(provisioned.emails),
    // Leaving it out says nothing: whoever has left does not come back by it.
    active: active ?? stored?.attributes.active ?? true,
  };
  return { attributes, provisioned };
}

/** `team` as SCIM shows it (RFC 7643, section 4.2); without `members` if they are not given. */
export function presentGroup(team: Stored, base: string, members?: readonly Related[]): JsonObject {
  const externalId = team.provisioned?.externalId;
  return {
    schemas: [GROUP_SCHEMA],
    id: team.uid,
    ...(externalId !== undefined && { externalId }),
    displayName: groupNameOf(team),
    ...(members !== undefined && {
      members: members.map((member) => ({ ...related(member, base, USER_TYPE), type: 'User' })),
    }),
    meta: metaOf(team, base, GROUP_TYPE, members),
  };
}

export interface ReadGroup extends Kept {
  readonly provisioned: JsonObject;
  /** The ids of the users who are to belong to it, each once; `undefined` if the body says nothing about members. */
  readonly members: readonly string[] | undefined;
}

/** What is to be kept of a Group in a body, and who is to belong to it. As `readUser`. */
export function readGroup(body: Json, stored?: Kept): ReadGroup {
  const { members, ...provisioned } = read(GROUP_TYPE, body);
  const attributes = { ...stored?.attributes, display_name: provisioned.displayName ?? null };
  // An empty list says that there are none; it reads like nothing at all.
  const said = isObject(body) && Object.keys(body).some((name) => name.toLowerCase() === 'members');
  return { attributes, provisioned, members: said ? memberIds(members) : undefined };
}

/** The userName of a user (RFC 7643, section 4.1.1), also of one that was not made through SCIM. */
export function userNameOf({ name, attributes, provisioned }: Pick<Stored, 'name' | keyof Kept>): string {
  return text(provisioned?.userName) ?? text(attributes.email) ?? name;
}

/** The displayName of a group. */
export function groupNameOf({ name, attributes }: Pick<Stored, 'name' | 'attributes'>): string {
  return text(attributes.display_name) ?? name;
}

/**
 * Whether the value of `If-Match` or `If-None-Match` names `version`, in the weak comparison (RFC 9110, section 8.8.3.2;
 * RFC 7644, section 3.14).
 */
export function namesVersion(header: string, version: string): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(version));
}

function read(type: ScimResourceType, body: Json): JsonObject {
  if (!isObject(body)) throw badRequest('invalidSyntax', 'The body must be an object.');
  return readAttributes(type.attributes, body);
}

function memberIds(members: Json | undefined): string[] {
  const listed = (members ?? []) as JsonObject[];
  const other = listed.find(({ type }) => typeof type === 'string' && type.toLowerCase() !== 'user');
  if (other !== undefined) throw badRequest('invalidValue', 'members must be users: groups do not hold groups.');
  return [...new Set(listed.map(({ value }) => value as string))];
}

/** What the client sent, unless the name has been changed since by others. */
function displayNameOf({ attributes, provisioned }: Kept): Json {
  const current = attributes.display_name ?? null;
  return current === displayNameFrom(provisioned ?? {}) ? (provisioned?.displayName ?? null) : current;
}

function displayNameFrom(provisioned: JsonObject): string | null {
  const sent = text(provisioned.displayName);
  if (sent !== undefined) return sent;
  const { formatted, givenName, familyName } = isObject(provisioned.name) ? provisioned.name : ({} as JsonObject);
  const parts = [text(givenName), text(familyName)].filter((part) => part !== undefined);
  const whole = text(formatted) ?? parts.join(' ');
  return whole === '' ? null : [...whole].slice(0, LONGEST_DISPLAY_NAME).join('');
}

/** What the client sent, with the address of the user in it as it is now. */
function emailsOf({ attributes, provisioned }: Kept): Json[] {
  const sent = Array.isArray(provisioned?.emails) ? provisioned.emails : [];
  const email = text(attributes.email) ?? null;
  if (email === emailFrom(sent)) return sent;
  const main = mainOf(sent);
  const current = email === null ? [] : [{ type: 'work', primary: true, ...main, value: email }];
  return main === undefined ? [...current, ...sent] : sent.flatMap((one) => (one === main ? current : [one]));
}

function emailFrom(emails: Json | undefined): string | null {
  return text(mainOf(emails)?.value) ?? null;
}

/** The address that counts: the primary one, else the first of type "work", else the first. */
function mainOf(emails: Json | undefined): JsonObject | undefined {
  const usable = Array.isArray(emails) ? emails.filter(isObject).filter(({ value }) => text(value) !== undefined) : [];
  return (
    usable.find(({ primary }) => primary === true) ??
    usable.find(({ type }) => typeof type === 'string' && type.toLowerCase() === 'work') ??
    usable[0]
  );
}

/** A text that says something. */
function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function related({ uid, display }: Related, base: string, type: ScimResourceType): JsonObject {
  return { value: uid, $ref: locationOf(base, type, uid), display };
}

function locationOf(base: string, type: ScimResourceType, uid: string): string {
  return `${base}${type.endpoint}/${uid}`;
}

function metaOf(
  stored: Stored,
  base: string,
  type: ScimResourceType,
  shown: readonly Related[] | undefined,
): JsonObject {
  return {
    resourceType: type.name,
    created: formatTimestamp(stored.created_at),
    lastModified: formatTimestamp(stored.updated_at),
    location: locationOf(base, type, stored.uid),
    // Without all that it covers, there is no version to tell.
    ...(shown !== undefined && { version: versionOf(stored, shown) }),
  };
}

/**
 * The entity tag (RFC 7644, section 3.14). It is weak, and covers what a resource shows of others: a group changes when
 * a user joins it, which is no change of the team.
 */
function versionOf({ uid, revision }: Stored, shown: readonly Related[]): string {
  if (shown.length === 0) return `W/"${uid}.${revision}"`;
  const seen = shown.map(({ uid, display }) => [uid, display]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  const digest = createHash('sha256').update(JSON.stringify(seen)).digest('base64url').slice(0, 16);
  return `W/"${uid}.${revision}.${digest}"`;
}
