/** Addresses as people type them: whole, or without the organization. */

import { AddressError, parseAddress } from '../terraform-provider-spec/address.ts';
import { withArticle } from '../terraform-provider-spec/article.ts';
import type { Kind } from '../terraform-provider-spec/kind.ts';
import { childKinds, KINDS, TOKEN_KINDS } from '../terraform-provider-spec/kinds/index.ts';
import { MANIFEST, manifestAddress } from '../terraform-provider-spec/manifest.ts';
import { UsageError } from './exit.ts';
import { holdsToken } from './masking.ts';
import { unknown } from './profiles.ts';

/**
 * The whole address of `text`: `accounts/ci` stands for `organizations/{organization}/accounts/ci`. Throws `UsageError` for
 * anything that is the address of no kind, with the collection that may have been meant.
 */
export function wholeAddress(text: string, organization: string): string {
  const whole = complete(text, organization);
  const segments = whole.split('/');
  requireCollections(segments);
  try {
    if (isManifest(whole)) return manifestAddress(segments.slice(0, 2).join('/'), segments[3] as string);
    return parseAddress(whole).text;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new UsageError(error.message);
  }
}

/** Whether it is the address of a manifest, which is no kind: it has no attributes, only what it declares. */
export function isManifest(address: string): boolean {
  return /^organizations\/[^/]+\/manifests\/[^/]+$/.test(address);
}

/** The address of a token; throws `UsageError` for that of anything else. */
export function tokenAddress(text: string, organization: string): string {
  const address = wholeAddress(text, organization);
  const kind = isManifest(address) ? MANIFEST : parseAddress(address).kind;
  if ('token' in kind && kind.token !== undefined) return address;
  throw new UsageError(`${text} is the address of ${withArticle(kind.title)}; that of a token ends in /tokens/NAME`);
}

export interface Collection {
  /** Below `/v1/`: `organizations/default/accounts`. */
  readonly path: string;
  /** What it holds: several kinds for the tokens of an organization, none for manifests. */
  readonly kinds: readonly Kind[];
}

/** The collection that `text` names: `accounts`, `accounts/ci/tokens`, `organizations`, `tokens` for all. Throws `UsageError`. */
export function collectionOf(text: string, organization: string): Collection {
  const path = text === 'organizations' ? text : complete(text, organization);
  const segments = path.split('/');
  requireCollections(segments);
  const last = segments.at(-1) as string;
  if (segments.length % 2 === 0) {
    throw new UsageError(`${text} is the address of one resource: "accredit get ${text}" shows it`);
  }
  const above = segments.slice(0, -1).join('/');
  if (above === '') return { path, kinds: KINDS.filter(({ parent }) => parent === undefined) };
  const parent = parseAddress(above).kind;
  const kinds = childKinds(parent).filter(({ collection }) => collection === last);
  if (kinds.length > 0) return { path, kinds };
  if (parent.parent === undefined && last === 'tokens') return { path, kinds: TOKEN_KINDS };
  if (parent.parent === undefined && last === MANIFEST.collection) return { path, kinds: [] };
  throw unknown(
    'collection',
    last,
    childKinds(parent).map(({ collection }) => collection),
    ` below ${above}`,
  );
}

function complete(text: string, organization: string): string {
  if (holdsToken(text)) {
    throw new UsageError(
      'that is a token, not an address: one looks like accounts/ci/tokens/deploy. Others may have read it on the command line: rotate it',
    );
  }
  const plain = text.replace(/^\/?(v1\/)?/, '').replace(/\/+$/, '');
  return plain === 'organizations' || plain.startsWith('organizations/')
    ? plain
    : `organizations/${organization}/${plain}`;
}

/** Says which collection was misspelt, rather than that the whole is the address of nothing. */
function requireCollections(segments: readonly string[]): void {
  let kinds = KINDS.filter(({ parent }) => parent === undefined);
  for (let index = 0; index < segments.length; index += 2) {
    const collection = segments[index] as string;
    const [here] = kinds.filter((kind) => kind.collection === collection);
    if (here === undefined) {
      const others = index === 2 ? ['tokens', MANIFEST.collection] : [];
      if (others.includes(collection)) return;
      const known = [...new Set(kinds.map((kind) => kind.collection)), ...others];
      throw unknown('collection', collection, known);
    }
    kinds = childKinds(here);
  }
}
