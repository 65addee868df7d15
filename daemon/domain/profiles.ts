/** Lifecycle profiles: what the tokens under one may do. Five of the built-in ones are what existing products promise. */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Resource } from './model.ts';
import type { Snapshot } from './snapshot.ts';

/** The policy of a profile, as its attributes say it. */
export interface Profile {
  readonly name: string;
  readonly max_tokens: number | null;
  readonly expiry: 'required' | 'optional' | 'forbidden';
  readonly allowed_lifetimes: readonly string[] | null;
  readonly max_lifetime: string | null;
  readonly regenerate: 'forbidden' | 'admin' | 'self';
  readonly max_overlap: string;
  readonly revoke: boolean;
  readonly restore: 'never' | 'until_expiry';
  readonly delete_requires: 'none' | 'revoked_or_expired';
  readonly schemes: readonly ('bearer' | 'basic')[];
  readonly display_name_unique: boolean;
}

type Policy = Omit<Profile, 'name'>;

const STANDARD: Policy = {
  max_tokens: null,
  expiry: 'optional',
  allowed_lifetimes: null,
  max_lifetime: null,
  regenerate: 'self',
  max_overlap: '30d',
  revoke: true,
  restore: 'until_expiry',
  delete_requires: 'none',
  schemes: ['bearer', 'basic'],
  display_name_unique: false,
};

/** One secret for ever: whoever wants another one deletes and creates. */
const STATIC: Policy = {
  ...STANDARD,
  max_tokens: 1,
  expiry: 'forbidden',
  regenerate: 'forbidden',
  max_overlap: '0s',
  revoke: false,
  restore: 'never',
  schemes: ['bearer'],
};

const POLICIES: Readonly<Record<string, { readonly description: string; readonly policy: Policy }>> = {
  standard: {
    description: 'Expiry, rotation with overlap, revocation and restoration as declared. The default.',
    policy: STANDARD,
  },
  static: {
    description: 'One token without an end, which nobody can regenerate: delete it and create another one.',
    policy: STATIC,
  },
  'app-static': {
    description: 'Any number of tokens without an end; deleting one is how it ends.',
    policy: { ...STATIC, max_tokens: null },
  },
  'self-recycling': {
    description: 'One token without an end, whose holder replaces it; the old secret is dead at once.',
    policy: { ...STATIC, regenerate: 'self', schemes: ['basic', 'bearer'] },
  },
  revocable: {
    description:
      'Tokens of a fixed lifetime, or without an end, that are revoked and restored, and deleted only when over.',
    policy: {
      ...STANDARD,
      allowed_lifetimes: ['30d', '60d', '90d', '365d'],
      regenerate: 'forbidden',
      max_overlap: '0s',
      delete_requires: 'revoked_or_expired',
      schemes: ['bearer'],
      display_name_unique: true,
    },
  },
  renewable: {
    description:
      'One token with an end if wanted, which is renewed by whoever manages it; the old secret is dead at once.',
    policy: { ...STATIC, expiry: 'optional', regenerate: 'admin' },
  },
};

/** The built-in profiles as the bodies that would make them, by name. */
export const BUILT_IN_PROFILES: ReadonlyMap<string, JsonObject> = new Map(
  Object.entries(POLICIES).map(([name, { description, policy }]) => [
    name,
    { description, ...policy } as unknown as JsonObject,
  ]),
);

/** The profile under which a token with these attributes in that organization lives; `undefined` when there is none. */
export function profileOf(snapshot: Snapshot, organization: string, attributes: JsonObject): Profile | undefined {
  // Tokens of a time when there were no profiles have none stored.
  const name = (attributes.profile ?? 'standard') as string;
  const builtIn = POLICIES[name];
  if (builtIn !== undefined) return { name, ...builtIn.policy };
  const stored = snapshot.resource(`${organization}/token-profiles/${name}`);
  return stored === undefined ? undefined : { name, ...(stored.attributes as unknown as Policy) };
}

/** The profile of a token that is there. One in use cannot be removed, so it has one. */
export function profileOfToken(snapshot: Snapshot, token: Resource): Profile {
  const profile = profileOf(snapshot, token.organization, token.attributes);
  if (profile === undefined) throw new Error(`the profile of ${token.address} is not there`);
  return profile;
}
