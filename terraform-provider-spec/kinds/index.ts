import type { Attributes, Kind, SecretKind, ValueType } from '../kind.ts';
import { app } from './app.ts';
import { appToken } from './app-token.ts';
import { organization } from './organization.ts';
import { personalAccessToken } from './personal-access-token.ts';
import { project } from './project.ts';
import { role } from './role.ts';
import { serviceAccount } from './service-account.ts';
import { serviceAccountToken } from './service-account-token.ts';
import { team } from './team.ts';
import { tokenProfile } from './token-profile.ts';
import { user } from './user.ts';

/** Every kind, parents before their children. Adding one is a file beside this and a line here. */
export const KINDS: readonly Kind[] = [
  organization,
  project,
  team,
  app,
  role,
  tokenProfile,
  user,
  serviceAccount,
  serviceAccountToken,
  appToken,
  personalAccessToken,
];

/** The kinds that hold a secret. */
export const TOKEN_KINDS: readonly Kind[] = KINDS.filter(({ token }) => token !== undefined);

const byName = new Map(KINDS.map((kind) => [kind.kind, kind]));

/** The kind of that name. Throws a `RangeError` for an unknown one: names come from our own code, never from input. */
export function kindNamed(name: string): Kind {
  const kind = byName.get(name);
  if (kind === undefined) throw new RangeError(`no kind is named ${name}`);
  return kind;
}

/** What is written into the secret of a token of that kind and `purpose`; `undefined` for a kind that holds none. */
export function writtenKind({ token }: Kind, purpose: unknown): SecretKind | undefined {
  return token !== undefined && purpose === 'scim' ? 'scim' : token?.secretKind;
}

/** The kinds directly below `kind`. */
export function childKinds(kind: Kind): Kind[] {
  return KINDS.filter((child) => child.parent === kind.kind);
}

/** `kind` and its ancestors, the organization first. */
export function lineage(kind: Kind): Kind[] {
  return kind.parent === undefined ? [kind] : [...lineage(kindNamed(kind.parent)), kind];
}

/** The kinds to which others refer by name or scope: one in use cannot be removed. */
const REFERENCED: ReadonlySet<string> = new Set(KINDS.flatMap((kind) => referencedKinds(kind.attributes)));

/** Whether resources of other kinds, or of the same, refer to those of this one. */
export function isReferenced(kind: Kind): boolean {
  return REFERENCED.has(kind.kind);
}

function referencedKinds(attributes: Attributes): string[] {
  return Object.values(attributes).flatMap(ofType);
}

function ofType(type: ValueType): string[] {
  if (type.type === 'set') return ofType(type.items);
  if (type.type === 'object') return referencedKinds(type.attributes);
  if (type.type !== 'string') return [];
  if (type.references !== undefined) return [type.references];
  return type.format === 'scope' ? ['project', 'team', 'app'] : [];
}
