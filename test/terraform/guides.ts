/** The files that the guides show, for the tests that carry them out. */
import { readText } from '../architecture/sources.ts';

/** Answers the text of the files of a guide, one behind the other. */
export function guideFiles(guide: string): (...names: string[]) => string {
  return (...names) => names.map((name) => readText(`examples/guides/${guide}/${name}`)).join('\n');
}

/** For `terraform apply` in a script of a guide, where nobody is there to answer. */
export const UNATTENDED = { TF_CLI_ARGS_apply: '-auto-approve' };
