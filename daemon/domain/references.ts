/** What resources refer to: that it is there, by what it is found, and that it stays while it is in use. */
import { kindAt, organizationOf } from '../../terraform-provider-spec/address.ts';
import { referencesIn } from '../../terraform-provider-spec/derive/references.ts';
import type { JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { isBuiltInAddress } from './built-in.ts';
import { filterLoaded } from './loading.ts';
import type { ProblemDetail } from './problem.ts';
import type { Snapshot } from './snapshot.ts';

/** The addresses that a resource with these attributes refers to, each once; what is built in needs no record. */
export function referencedBy(kind: Kind, organization: string, attributes: JsonObject): string[] {
  const addresses = referencesIn(kind, organization, attributes).map(({ address }) => address);
  return [...new Set(addresses)].filter((address) => !isBuiltInAddress(address)).sort();
}

/**
 * What is wrong with the references in a desired state: those to what does not exist, or to what `visible` says that the
 * caller may not know of, which reads the same.
 */
export function referenceProblems(
  snapshot: Snapshot,
  kind: Kind,
  address: string,
  desired: JsonObject,
  visible: (address: string) => boolean,
): ProblemDetail[] {
  const missing = filterLoaded(referencesIn(kind, organizationOf(address), desired), ({ address: target }) => {
    if (isBuiltInAddress(target)) return false;
    return snapshot.resource(target) === undefined || !visible(target);
  });
  return missing.map(({ pointer, address: target }) => ({
    pointer,
    detail: `names no ${kindAt(target).title}: there is no ${target}`,
  }));
}
