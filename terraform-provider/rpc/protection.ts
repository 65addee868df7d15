/** Deletion protection: what may not be destroyed, nor replaced, before somebody has said so in an apply of its own. */
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { Diagnostic } from '../plugin/messages.ts';
import type { ValueRecord } from '../values/value.ts';
import { error, pathTo } from './diagnostics.ts';
import type { Session } from './session.ts';

const OPTION = 'deletion_protection';
const SUMMARY = 'Protected from deletion';

/** Whether the state protects the resource; what a configuration says counts once it is applied. */
export function isProtected(state: ValueRecord | null): boolean {
  return state?.[OPTION] === true;
}

/** The error of a plan that would destroy what is protected. */
export function protectedFromDestroy(schema: TerraformSchema, address: string): Diagnostic {
  return refusal(
    schema,
    `${address} would be destroyed, from which ${OPTION} keeps it.`,
    'If its block is gone, put it back for that.',
  );
}

/** The error of a plan that would replace what is protected: for the sake of these attributes, or on demand. */
export function protectedFromReplacement(
  schema: TerraformSchema,
  address: string,
  replacedBy: readonly string[],
): Diagnostic {
  const [cause, help] =
    replacedBy.length > 0
      ? [`Another ${replacedBy.join(', ')} would replace ${address}`, '']
      : [
          `${address} would be replaced, as it is tainted, or by -replace or replace_triggered_by`,
          'If it is tainted, terraform untaint keeps it.',
        ];
  return refusal(schema, `${cause}, from which ${OPTION} keeps it.`, help, replacedBy[0]);
}

/**
 * The error of a plan in which something protected would go with what it belongs to, though it is not destroyed itself: it
 * does not refer to that, or is declared apart from it. The two are planned in any order, so whichever comes second finds out.
 */
export function protectedFromParent(session: Session, schema: TerraformSchema, planned: PlannedEnd): Diagnostic[] {
  const { address, isEnding, isKept } = planned;
  if (isEnding) {
    const below = session.protectedBelow(address);
    if (below !== undefined) {
      const lift = `To lift it, apply ${OPTION} = false there first, and nothing else.`;
      return [error(SUMMARY, `${below} would go with ${address}, from which ${OPTION} keeps it. ${lift}`)];
    }
    session.ends(address);
  }
  const above = isKept ? session.endingAbove(address) : undefined;
  if (above === undefined) return [];
  return [refusal(schema, `${address} would go with ${above}, from which ${OPTION} keeps it.`, '')];
}

/** What a plan does to what the state has at an address. */
interface PlannedEnd {
  readonly address: string;
  /** It is destroyed, by itself or for a successor. */
  readonly isEnding: boolean;
  /** The state protects it, and it stays. */
  readonly isKept: boolean;
}

function refusal({ kind }: TerraformSchema, cause: string, help: string, attribute = OPTION): Diagnostic {
  const lift = `To lift it, apply ${OPTION} = false for the ${kind.title} first, and nothing else.`;
  return error(SUMMARY, [cause, lift, help].filter((text) => text !== '').join(' '), pathTo(attribute));
}
