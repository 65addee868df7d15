/** What a daemon answers, read. Each function throws `unexpected-answer` for an answer that is not one of a daemon. */
import type { Json, JsonObject } from '../terraform-provider-spec/kind.ts';
import type { DryRun, Self, Written } from './contract.ts';
import { type ApiError, parseObject, unexpected } from './errors.ts';
import type { HttpResponse } from './transport.ts';

/** With where it came from. */
export type Answer = HttpResponse & { readonly endpoint: string };

/** The error of an answer that is no daemon's, as something shows that it has or lacks. */
export function foreign({ status, endpoint }: Answer, what: string): ApiError {
  return unexpected(
    status,
    `what answers at ${endpoint} is not an Accredit daemon: its answer (HTTP ${status}) ${what}; another service may be there`,
  );
}

/** The JSON object that it holds. */
export function objectIn(answer: Answer): JsonObject {
  const object = parseObject(answer.body);
  if (object === undefined) {
    throw foreign(answer, 'holds no JSON object');
  }
  return object;
}

/** What a write with `dry_run` would have done. */
export function dryRun(answer: Answer): DryRun {
  const { outcome, changed, cuts_off, warnings, resource, changes } = objectIn(answer);
  const parts = (Array.isArray(changes) ? changes : []) as JsonObject[];
  return {
    outcome: String(outcome),
    changed: strings(changed),
    cutsOff: [...strings(cuts_off), ...parts.flatMap(({ effects }) => strings(effects))],
    warnings: [...strings(warnings), ...parts.flatMap((part) => strings(part.warnings))],
    parts: parts.map(({ address }) => String(address)),
    resource: typeof resource === 'object' && resource !== null ? (resource as JsonObject) : undefined,
  };
}

/** What a write left, and the secret that it made. */
export function written(answer: Answer): Written {
  const warning = answer.headers['accredit-warning'];
  return {
    resource: objectIn(answer),
    etag: answer.headers.etag,
    outcome: outcomeOf(answer),
    // Several come joined into one text, whose parts may hold commas themselves.
    warnings: typeof warning === 'string' ? [warning] : [],
  };
}

/** The outcome of a write. Also tells a daemon from something else that answers 2xx to everything. */
export function outcomeOf(answer: Answer): string {
  const outcome = answer.headers['accredit-outcome'];
  if (typeof outcome !== 'string') {
    throw foreign(answer, 'names no outcome');
  }
  return outcome;
}

/** Whose token it is, and what that may do. */
export function selfIn(answer: Answer): Self {
  const self = objectIn(answer);
  if (typeof self.identifier !== 'string') throw foreign(answer, 'does not say whose token this is');
  return {
    identifier: String(self.identifier),
    address: String(self.address),
    organization: String(self.organization).replace(/^organizations\//, ''),
    confinedTo: String(self.confined_to),
    permissions: strings(self.permissions),
    token: String(self.token),
    validUntil: typeof self.valid_until === 'string' ? self.valid_until : null,
    answer: self,
    permissionsByScope: (Array.isArray(self.permissions_by_scope) ? self.permissions_by_scope : []).map((each) => {
      const { scope, permissions } = each as JsonObject;
      return { scope: String(scope), permissions: strings(permissions) };
    }),
  };
}

function strings(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
