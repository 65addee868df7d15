/**
 * What may be done with a token, and what comes of it: the whole life of a token under any profile, as data. The profiles
 * are those of the documentation and three of our own; every rule follows from the attributes of the profile alone.
 */
import type { Outcome } from '../../daemon/domain/api.ts';
import type { ProblemCode } from '../../daemon/domain/problem.ts';

/** The attributes of a token profile. */
export interface Policy {
  readonly max_tokens: number | null;
  readonly expiry: 'required' | 'optional' | 'forbidden';
  readonly allowed_lifetimes: string[] | null;
  readonly max_lifetime: string | null;
  readonly regenerate: 'forbidden' | 'admin' | 'self';
  readonly max_overlap: string;
  readonly revoke: boolean;
  readonly restore: 'never' | 'until_expiry';
  readonly delete_requires: 'none' | 'revoked_or_expired';
  readonly schemes: ('bearer' | 'basic')[];
  readonly display_name_unique: boolean;
}

const endless = { allowed_lifetimes: null, max_lifetime: null };
const fixed = { regenerate: 'forbidden', max_overlap: '0s' } as const;
const unrevocable = { revoke: false, restore: 'never', delete_requires: 'none' } as const;
const bearer = { schemes: ['bearer'] as 'bearer'[] };

// biome-ignore format: a table is read by its columns
export const BUILT_IN: Readonly<Record<string, Policy>> = {
  standard: {
    max_tokens: null, expiry: 'optional', ...endless, regenerate: 'self', max_overlap: '30d',
    revoke: true, restore: 'until_expiry', delete_requires: 'none', schemes: ['bearer', 'basic'], display_name_unique: false,
  },
  static: { max_tokens: 1, expiry: 'forbidden', ...endless, ...fixed, ...unrevocable, ...bearer, display_name_unique: false },
  'app-static': {
    max_tokens: null, expiry: 'forbidden', ...endless, ...fixed, ...unrevocable, ...bearer, display_name_unique: false,
  },
  'self-recycling': {
    max_tokens: 1, expiry: 'forbidden', ...endless, regenerate: 'self', max_overlap: '0s',
    ...unrevocable, schemes: ['basic', 'bearer'], display_name_unique: false,
  },
  revocable: {
    max_tokens: null, expiry: 'optional', allowed_lifetimes: ['30d', '60d', '90d', '365d'], max_lifetime: null, ...fixed,
    revoke: true, restore: 'until_expiry', delete_requires: 'revoked_or_expired', ...bearer, display_name_unique: true,
  },
  renewable: {
    max_tokens: 1, expiry: 'optional', ...endless, regenerate: 'admin', max_overlap: '0s',
    ...unrevocable, ...bearer, display_name_unique: false,
  },
};

// biome-ignore format: a table is read by its columns
export const CUSTOM: Readonly<Record<string, Policy>> = {
  quarterly: {
    max_tokens: 2, expiry: 'required', allowed_lifetimes: ['30d', '90d'], max_lifetime: '90d', regenerate: 'admin', max_overlap: '7d',
    revoke: true, restore: 'never', delete_requires: 'revoked_or_expired', ...bearer, display_name_unique: true,
  },
  short: {
    max_tokens: 1, expiry: 'required', allowed_lifetimes: null, max_lifetime: '30d', regenerate: 'self', max_overlap: '0s',
    ...unrevocable, schemes: ['basic'], display_name_unique: false,
  },
  frozen: {
    max_tokens: null, expiry: 'optional', ...endless, ...fixed,
    revoke: true, restore: 'never', delete_requires: 'revoked_or_expired', schemes: ['bearer', 'basic'], display_name_unique: false,
  },
};

/** The states of a token, and the secrets that work in each. All tokens but the first have been used. */
export const STATES = {
  'never used': ['current'],
  used: ['current'],
  'in overlap': ['current', 'previous'],
  revoked: [],
  latched: [],
  expired: [],
  'revoked and expired': [],
  'of a disabled account': [],
} as const;
export type State = keyof typeof STATES;

/** Whether a token can get into that state under a profile. */
export function isPossible(state: State, profile: Policy): boolean {
  if (state === 'in overlap') return profile.max_overlap !== '0s';
  if (state === 'expired') return profile.expiry !== 'forbidden';
  if (state === 'revoked') return profile.revoke;
  return state !== 'revoked and expired' || (profile.revoke && profile.expiry !== 'forbidden');
}

/** Which secrets work afterwards; a refusal leaves them as they were. */
export type Working =
  | 'as before'
  | 'none'
  | 'the old one'
  | 'the new one'
  | 'the new one and its predecessor'
  | 'as before, and the new one';

export type Result = Outcome | ProblemCode | 'allowed';

/** What comes of an action in these states (in all, if left out), under profiles of that kind (under all). */
export interface Rule {
  readonly in?: readonly State[];
  readonly under?: (profile: Policy) => boolean;
  readonly gives: Result;
  /** `as before` if left out. */
  readonly works?: Working;
}

const cannotRegenerate = (profile: Policy) => profile.regenerate === 'forbidden';
const onlyByAdmin = (profile: Policy) => profile.regenerate === 'admin';
const cannotOverlap = (profile: Policy) => profile.max_overlap === '0s';
const cannotRevoke = (profile: Policy) => !profile.revoke;
const cannotRestore = (profile: Policy) => profile.restore === 'never';
const mustEndFirst = (profile: Policy) => profile.delete_requires !== 'none';
const hasRoomForOne = (profile: Policy) => profile.max_tokens === 1;
const wantsNames = (profile: Policy) => profile.display_name_unique;
const mustEnd = (profile: Policy) => profile.expiry === 'required';
const cannotEnd = (profile: Policy) => profile.expiry === 'forbidden';
const isLessThan90Days = (profile: Policy) => profile.max_lifetime === '30d';
const isWithout = (scheme: 'bearer' | 'basic') => (profile: Policy) => !profile.schemes.includes(scheme);

const ACTIVE: readonly State[] = ['never used', 'used', 'in overlap'];
const DEAD: readonly State[] = ['revoked', 'latched', 'expired', 'revoked and expired', 'of a disabled account'];
const STOPPED: readonly State[] = ['revoked', 'revoked and expired', 'of a disabled account'];

/** A new secret in place. What is declared as revoked or of a disabled account does not come to life by it. */
const ROTATES: readonly Rule[] = [
  { in: STOPPED, gives: 'rotated', works: 'none' },
  { in: ['in overlap'], gives: 'rotated', works: 'the new one and its predecessor' },
  { gives: 'rotated', works: 'the new one' },
];
const MINTS: readonly Rule[] = [
  { in: ['latched'], gives: 'revoked' },
  { under: cannotRegenerate, gives: 'rotation-forbidden' },
  ...ROTATES,
];

/** Each action with its rules, of which the first that applies says what happens. */
export const ACTIONS = {
  'PUT, identical': [{ gives: 'unchanged' }],
  'PUT, another display name': [{ gives: 'updated' }],
  'PUT, a new marker': MINTS,
  'PUT, another secret hash': MINTS,
  'PUT, another claim, the same manager': [
    { in: ['latched'], gives: 'revoked' },
    { in: ['never used'], under: cannotRegenerate, gives: 'created', works: 'the new one' },
    ...MINTS,
  ],
  'PUT, another claim, an adopting manager': MINTS,
  'PUT, another claim, another manager': [{ gives: 'managed-by-another' }],
  'PUT, state revoked': [
    { in: ['revoked', 'revoked and expired'], gives: 'unchanged' },
    { under: cannotRevoke, gives: 'invalid' },
    { gives: 'updated', works: 'none' },
  ],
  'PUT, state active': [
    { in: ['revoked', 'revoked and expired'], under: cannotRestore, gives: 'restore-forbidden' },
    { in: ['revoked and expired'], gives: 'expired' },
    { in: ['revoked'], gives: 'updated', works: 'the old one' },
    { gives: 'unchanged' },
  ],
  'PUT, expiry in 90 days instead of 30': [
    { under: cannotEnd, gives: 'invalid' },
    { under: isLessThan90Days, gives: 'invalid' },
    { in: ['revoked and expired'], gives: 'expired' },
    { in: ['expired'], gives: 'updated', works: 'the old one' },
    { gives: 'updated' },
  ],
  'PUT, no expiry': [
    { under: mustEnd, gives: 'invalid' },
    { under: cannotEnd, gives: 'unchanged' },
    { in: ['revoked and expired'], gives: 'expired' },
    { in: ['expired'], gives: 'updated', works: 'the old one' },
    { gives: 'updated' },
  ],
  'POST rotation': [
    { under: cannotRegenerate, gives: 'rotation-forbidden' },
    { in: ['latched'], gives: 'revoked' },
    ...ROTATES,
  ],
  'POST rotation, with an overlap': [
    { under: cannotRegenerate, gives: 'rotation-forbidden' },
    { under: cannotOverlap, gives: 'invalid' },
    { in: ['latched'], gives: 'revoked' },
    { in: ACTIVE, gives: 'rotated', works: 'the new one and its predecessor' },
    ...ROTATES,
  ],
  'POST self/rotate': [
    { in: DEAD, gives: 'unauthenticated' },
    { under: cannotRegenerate, gives: 'rotation-forbidden' },
    { under: onlyByAdmin, gives: 'forbidden' },
    ...ROTATES,
  ],
  'PUT revocation': [
    { in: ['latched'], gives: 'unchanged' },
    { gives: 'revoked', works: 'none' },
  ],
  'DELETE revocation': [{ in: ['latched'], gives: 'restored', works: 'the old one' }, { gives: 'unchanged' }],
  DELETE: [
    { in: [...ACTIVE, 'of a disabled account'], under: mustEndFirst, gives: 'not-revoked' },
    { gives: 'deleted', works: 'none' },
  ],
  'DELETE ?revoke=true': [{ gives: 'deleted', works: 'none' }],
  'PUT of a second token': [
    { under: hasRoomForOne, gives: 'token-limit' },
    { in: ['of a disabled account'], gives: 'created' },
    { gives: 'created', works: 'as before, and the new one' },
  ],
  'PUT of a second token, with the same display name': [
    { under: hasRoomForOne, gives: 'token-limit' },
    { under: wantsNames, gives: 'display-name-taken' },
    { in: ['of a disabled account'], gives: 'created' },
    { gives: 'created', works: 'as before, and the new one' },
  ],
  'used as bearer': [
    { in: DEAD, gives: 'unauthenticated' },
    { under: isWithout('bearer'), gives: 'unauthenticated' },
    { gives: 'allowed' },
  ],
  'used as basic': [
    { in: DEAD, gives: 'unauthenticated' },
    { under: isWithout('basic'), gives: 'unauthenticated' },
    { gives: 'allowed' },
  ],
  'used as api-key': [
    { in: DEAD, gives: 'unauthenticated' },
    { under: isWithout('bearer'), gives: 'unauthenticated' },
    { gives: 'allowed' },
  ],
} as const satisfies Record<string, readonly Rule[]>;
export type Action = keyof typeof ACTIONS;

/** What the rules say of an action on a token in that state: what happens, and which secrets work afterwards. */
export function expected(action: Action, state: State, profile: Policy): { result: Result; works: string[] } {
  const rules: readonly Rule[] = ACTIONS[action];
  const rule = rules.find((one) => (one.in?.includes(state) ?? true) && (one.under?.(profile) ?? true)) as Rule;
  const before: readonly string[] = STATES[state];
  const works: Readonly<Record<Working, readonly string[]>> = {
    'as before': before,
    none: [],
    'the old one': ['current'],
    'the new one': ['new'],
    'the new one and its predecessor': ['current', 'new'],
    'as before, and the new one': [...before, 'new'],
  };
  return { result: rule.gives, works: [...works[rule.works ?? 'as before']].sort() };
}
