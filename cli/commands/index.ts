/** Every verb that speaks to a daemon or needs none, in the order in which the help lists them. */
import type { Verb } from '../command.ts';
import { get } from './get.ts';
import { token } from './token.ts';
import { version } from './version.ts';

export const VERBS: readonly Verb[] = [get, token, version];
