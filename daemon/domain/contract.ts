/** Preconditions and managers: the parts of the contract that are the same for every kind. */
import type { WriteOptions } from './api.ts';
import type { Resource } from './model.ts';
import { Problem } from './problem.ts';
import { etagOf } from './view.ts';

/** Throws `precondition-failed` unless `If-Match` and `If-None-Match` hold for what is stored (RFC 9110, section 13). */
export function requirePreconditions(stored: Resource | undefined, options: WriteOptions): void {
  if (options.ifNoneMatch === true && stored !== undefined) {
    throw new Problem('precondition-failed', `${stored.address} exists, and the request was for creating it only.`);
  }
  const { ifMatch } = options;
  if (ifMatch === undefined) return;
  if (stored === undefined) {
    throw new Problem('precondition-failed', 'Nothing is stored at this address that "If-Match" could match.');
  }
  if (ifMatch !== '*' && !ifMatch.includes(etagOf(stored))) {
    throw new Problem(
      'precondition-failed',
      `${stored.address} has changed: its entity tag is now "${etagOf(stored)}".`,
    );
  }
}

/** Throws `managed-by-another` unless this client may write a resource that is there, whoever declared it. */
export function requireManager(stored: Resource, options: WriteOptions): void {
  const { manager, adopt } = options;
  if (adopt === true || stored.managed_by === (manager ?? null)) return;
  const owner = stored.managed_by === null ? 'by nobody' : `by "${stored.managed_by}"`;
  const client = manager === undefined ? 'this client names no manager' : `this client is "${manager}"`;
  throw new Problem(
    'managed-by-another',
    `${stored.address} is managed ${owner}, and ${client}. Send "Accredit-Adopt: true" to take it over (an import does).`,
  );
}

/** Who manages a resource after a write that `requireManager` let through. A nameless client leaves it as it is. */
export function managerAfter(stored: Resource | undefined, options: WriteOptions): string | null {
  return options.manager ?? stored?.managed_by ?? null;
}
