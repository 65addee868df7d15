/** How changed rows are named, between those who change them and those who decided on them. */
import { organizationOf } from '../../terraform-provider-spec/address.ts';

const REVOCATION = 'revocation:';
const EVERYTHING = 'everything:';

/** The key of the resource at that address. */
export function resourceKey(address: string): string {
  return address;
}

/** The key of the revocation of that address, which may come without a token there, and stay without one. */
export function revocationKey(address: string): string {
  return `${REVOCATION}${address}`;
}

/** The key of all signing keys together, which belong to the organization that administers the rest. */
export const SIGNING_KEYS = 'organizations/default/signing-keys';

/** The key on which everything in an organization rests: named when it is not known what changed there. */
export function everythingIn(organization: string): string {
  return `${EVERYTHING}${organization}`;
}

/** The address of the organization that the row with this key belongs to. */
export function organizationOfKey(key: string): string {
  for (const prefix of [REVOCATION, EVERYTHING])
    if (key.startsWith(prefix)) return organizationOf(key.slice(prefix.length));
  return organizationOf(key);
}
