import type { Kind } from '../kind.ts';
import { organization } from './organization.ts';
import { role } from './role.ts';
import { serviceAccount } from './service-account.ts';
import { serviceAccountToken } from './service-account-token.ts';

/** Every kind, parents before their children. Adding one is a file beside this and a line here. */
export const KINDS: readonly Kind[] = [organization, role, serviceAccount, serviceAccountToken];

const byName = new Map(KINDS.map((kind) => [kind.kind, kind]));

/** The kind of that name. Throws a `RangeError` for an unknown one: names come from our own code, never from input. */
export function kindNamed(name: string): Kind {
  const kind = byName.get(name);
  if (kind === undefined) throw new RangeError(`no kind is named ${name}`);
  return kind;
}

/** The kinds directly below `kind`. */
export function childKinds(kind: Kind): Kind[] {
  return KINDS.filter((child) => child.parent === kind.kind);
}

/** `kind` and its ancestors, the organization first. */
export function lineage(kind: Kind): Kind[] {
  return kind.parent === undefined ? [kind] : [...lineage(kindNamed(kind.parent)), kind];
}
