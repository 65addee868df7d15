/** Deletion protection: what may not be destroyed, nor replaced, before somebody has said so in an apply of its own. */
import type { TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { Diagnostic } from '../plugin/messages.ts';
import type { ValueRecord } from '../values/value.ts';
import { error, pathTo } from './diagnostics.ts';

const OPTION = 'deletion_protection';

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

function refusal({ kind }: TerraformSchema, cause: string, help: string, attribute = OPTION): Diagnostic {
  const lift = `To lift it, apply ${OPTION} = false for the ${kind.title} first, and nothing else.`;
  return error(
    'Protected from deletion',
    [cause, lift, help].filter((text) => text !== '').join(' '),
    pathTo(attribute),
  );
}
