/** Attempts that were refused because of who made them: somebody may be trying what they can get away with. */
import type { AuditAction } from '../../terraform-provider-spec/audit.ts';
import type { Caller } from './api.ts';
import type { Ambient } from './identity.ts';
import { identify, neededBy } from './principal.ts';
import type { Problem } from './problem.ts';
import type { Operation } from './snapshot.ts';

/** What was attempted. */
export interface Attempt {
  readonly caller: Caller;
  readonly action: AuditAction;
  /** What it was about; where that is nothing, the token that was presented. */
  readonly address: string | undefined;
}

/** As many refusals of one token are kept on record in a minute: the audit log must not be filled up by whoever tries. */
const REFUSALS_A_MINUTE = 60;
const MINUTE = 60_000;
const TOKENS_WATCHED = 10_000;

/** Counts refusals by token, in a window of a minute. The request log has all of them. */
export class RefusalLimit {
  #windows = new Map<string, { until: number; count: number }>();

  /** Whether one more refusal of whoever presents `hash` is to be kept on record at `now`. */
  allows(hash: string, now: number): boolean {
    let window = this.#windows.get(hash);
    if (window === undefined || window.until <= now) {
      if (this.#windows.size >= TOKENS_WATCHED) this.#windows.clear();
      window = { until: now + MINUTE, count: 0 };
      this.#windows.set(hash, window);
    }
    window.count += 1;
    return window.count <= REFUSALS_A_MINUTE;
  }
}

/**
 * The operation that records a refusal in the audit log of the organization whose token was presented, as the outcome
 * `refused`. Of a credential that is no good nothing is recorded: anybody can present those.
 */
export function refusalOperation(
  ambient: Ambient,
  { caller, action, address }: Attempt,
  problem: Problem,
): Operation<void> {
  return {
    needs: neededBy(ambient, caller),
    organizations: [],
    decide(snapshot) {
      const principal = identify(snapshot, ambient, caller.credential, caller.ip);
      if ('refused' in principal) return;
      snapshot.record({
        organization: principal.organization.address,
        at: ambient.now(),
        actor: principal.identifier,
        actor_token: principal.token.address,
        action,
        address: address ?? principal.token.address,
        outcome: 'refused',
        request_id: caller.requestId,
        details: { code: problem.code, detail: problem.message },
      });
    },
  };
}
