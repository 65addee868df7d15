/** Every verb that speaks to a daemon or needs none, in the order in which the help lists them. */
import type { Verb } from '../command.ts';
import { audit } from './audit.ts';
import { completion } from './completion.ts';
import { deletion } from './delete.ts';
import { doctor } from './doctor.ts';
import { fmt } from './fmt.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { restore } from './restore.ts';
import { revoke } from './revoke.ts';
import { rotate } from './rotate.ts';
import { token } from './token.ts';
import { validate } from './validate.ts';
import { version } from './version.ts';
import { whoami } from './whoami.ts';

export const VERBS: readonly Verb[] = [
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
