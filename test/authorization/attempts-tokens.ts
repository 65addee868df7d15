/** Attempts to get, revive or widen a token that carries more than one holds. */
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { type Attempt, MORE_THAN_HELD } from './attempt.ts';
import { D } from './world.ts';

const STRONG = `${D}/accounts/strong/tokens`;
const MIXED = `${D}/accounts/mixed/tokens/narrow`;

const clientHash = () => `sha256:${tokenHash(mintToken('sa'))}`;
const clerk = { by: 'clerk', rule: MORE_THAN_HELD } as const;

export const TOKEN_ATTEMPTS: readonly Attempt[] = [
  // create
  { ...clerk, name: 'mint a token of a stronger account', try: (w, o) => w.put(`${STRONG}/new`, {}, o) },
  {
    ...clerk,
    name: 'mint a token of a stronger account with a secret of one’s own',
    try: (w, o) => w.put(`${STRONG}/new`, { secret_hash: clientHash() }, o),
  },
  {
    ...clerk,
    name: 'mint a token of a stronger account in the state revoked, for later',
    try: (w, o) => w.put(`${STRONG}/new`, { state: 'revoked' }, o),
  },
  {
    ...clerk,
    name: 'mint a token narrowed to what a stronger account holds and the caller does not',
    try: (w, o) => w.put(`${STRONG}/new`, { permissions: ['builds.read'] }, o),
  },
  {
    ...clerk,
    name: 'mint a token of a disabled stronger account',
    try: (w, o) => w.put(`${D}/accounts/stopped/tokens/new`, {}, o),
  },
  {
    ...clerk,
    name: 'mint a token for SCIM of a stronger account',
    try: (w, o) => w.put(`${STRONG}/new`, { purpose: 'scim' }, o),
  },
  {
    ...clerk,
    name: 'mint the token of an app, which carries what services keep in it',
    try: (w, o) => w.put(`${D}/apps/till/tokens/new`, {}, o),
  },
  // rotate
  {
    ...clerk,
    name: 'rotate a stronger token by another marker',
    try: (w, o) => w.put(`${STRONG}/main`, { rotation: 'mine' }, o),
  },
  { ...clerk, name: 'rotate a stronger token by POST', try: (w, o) => w.rotate(`${STRONG}/main`, null, o) },
  {
    ...clerk,
    name: 'rotate a stronger token by POST to a secret of one’s own',
    try: (w, o) => w.rotate(`${STRONG}/main`, { secret_hash: clientHash() }, o),
  },
  {
    ...clerk,
    name: 'rotate a stronger token by the hash of a secret of one’s own',
    try: (w, o) => w.put(`${STRONG}/main`, { secret_hash: clientHash() }, o),
  },
  {
    ...clerk,
    name: 'take a stronger token over by another claim',
    try: (w, o) => w.put(`${STRONG}/main`, {}, { ...o, claim: 'mine' }),
  },
  {
    ...clerk,
    name: 'take a stronger token over that was never used, under a profile that forbids rotation',
    try: (w, o) => w.put(`${STRONG}/once`, { profile: 'once' }, { ...o, claim: 'mine' }),
  },
  { ...clerk, name: 'rotate the token of an app', try: (w, o) => w.rotate(`${D}/apps/till/tokens/main`, null, o) },
  // restore
  {
    ...clerk,
    name: 'restore a stronger token that is declared as revoked',
    try: (w, o) => w.put(`${STRONG}/revoked`, { state: 'active' }, o),
  },
  {
    ...clerk,
    name: 'take back the emergency revocation of a stronger token',
    try: (w, o) => w.restore(`${STRONG}/latched`, o),
  },
  // widen
  {
    ...clerk,
    name: 'widen a token by a permission that the caller lacks',
    try: (w, o) => w.put(MIXED, { permissions: ['accounts.read', 'builds.read'] }, o),
  },
  { ...clerk, name: 'lift the narrowing of a token', try: (w, o) => w.put(MIXED, {}, o) },
  {
    ...clerk,
    name: 'widen a token under cover of revoking it',
    try: (w, o) => w.put(MIXED, { state: 'revoked' }, o),
  },
  {
    ...clerk,
    name: 'widen the networks of a stronger token',
    try: (w, o) => w.put(`${STRONG}/fenced`, { allowed_cidrs: ['10.0.0.0/8', '192.0.2.0/24'] }, o),
  },
  { ...clerk, name: 'drop the networks of a stronger token', try: (w, o) => w.put(`${STRONG}/fenced`, {}, o) },
  {
    ...clerk,
    name: 'prolong a stronger token',
    try: (w, o) => w.put(`${STRONG}/ending`, { expires_in: '400d' }, o),
  },
  { ...clerk, name: 'drop the expiry of a stronger token', try: (w, o) => w.put(`${STRONG}/ending`, {}, o) },
  {
    ...clerk,
    name: 'renew a stronger token that has expired',
    try: (w, o) => w.put(`${STRONG}/expired`, { expires_in: '90d' }, o),
  },
  // a narrow token of a strong account
  {
    name: 'mint a wide token of one’s own account with a narrow one',
    by: 'clerk-narrow',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.put(`${D}/accounts/clerk/tokens/wide`, {}, o),
  },
  {
    name: 'lift the narrowing of the very token that asks',
    by: 'clerk-narrow',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.put(`${D}/accounts/clerk/tokens/narrow`, {}, o),
  },
  {
    name: 'rotate the wide token of one’s own account with a narrow one',
    by: 'clerk-narrow',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.rotate(`${D}/accounts/clerk/tokens/main`, { overlap: '1h' }, o),
  },
  {
    name: 'replay with a narrow token the Idempotency-Key with which a wide one of the account minted',
    by: 'admin-narrow',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.put(`${STRONG}/replayed`, {}, { idempotencyKey: 'wide', ...o }),
    but: { by: 'admin', options: { dryRun: false } },
  },
  {
    name: 'replay with a narrow token the Idempotency-Key with which a wide one of the account rotated',
    by: 'admin-narrow',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.rotate(`${STRONG}/main`, { overlap: '1h' }, { idempotencyKey: 'wide', ...o }),
    but: { by: 'admin', options: { dryRun: false } },
  },
];
