/** Every verb that speaks to a daemon or needs none, in the order in which the help lists them. */
import type { Verb } from '../command.ts';
import { apply } from './apply.ts';
import { audit } from './audit.ts';
import { completion } from './completion.ts';
import { deletion } from './delete.ts';
import { doctor } from './doctor.ts';
import { exportVerb } from './export.ts';
import { fmt } from './fmt.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { plan } from './plan.ts';
import { restore } from './restore.ts';
import { revoke } from './revoke.ts';
import { rotate } from './rotate.ts';
import { token } from './token.ts';
import { validate } from './validate.ts';
import { version } from './version.ts';
import { whoami } from './whoami.ts';

export const VERBS: readonly Verb[] = [
  plan,
  apply,
  exportVerb,
  validate,
  fmt,
  get,
  list,
  rotate,
  revoke,
  restore,
  deletion,
  whoami,
  token,
  audit,
  doctor,
  completion,
  version,
];
