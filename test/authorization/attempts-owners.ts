/** Attempts on owners, on the installation, on the door behind oneself, and with credentials that are for something else. */
import { BOOTSTRAP_TOKEN, ROOT_ACCOUNT } from '../../daemon/domain/bootstrap.ts';
import { type Attempt, MORE_THAN_HELD, NO_PERMISSION, NOT_THERE, OWNERS_ONLY } from './attempt.ts';
import { A, D } from './world.ts';

const OWNER = { grants: [{ role: 'owner' }] };
const admin = { by: 'admin', rule: OWNERS_ONLY } as const;
const boss = { by: 'boss', rule: NOT_THERE, code: 'not-found' } as const;
const self = { but: { by: 'root', options: { allowSelf: true } } } as const;
const last = { by: 'root', rule: /last owner/, code: 'last-owner', but: 'nobody' } as const;
const meant = { allowSelf: true };

const OWNER_ATTEMPTS_ON_ROOT: readonly Attempt[] = [
  { ...admin, name: 'mint a token of an owner', try: (w, o) => w.put(`${ROOT_ACCOUNT}/tokens/mine`, {}, o) },
  { ...admin, name: 'rotate a token of an owner', try: (w, o) => w.rotate(BOOTSTRAP_TOKEN, { overlap: '1h' }, o) },
  {
    ...admin,
    name: 'take a token of an owner over by another claim',
    try: (w, o) => w.put(BOOTSTRAP_TOKEN, { overlap: '1h' }, { ...o, claim: 'mine' }),
  },
  {
    ...admin,
    name: 'rename a token of an owner',
    try: (w, o) => w.put(BOOTSTRAP_TOKEN, { display_name: 'Mine' }, o),
  },
  { ...admin, name: 'delete a token of an owner', try: (w, o) => w.delete(BOOTSTRAP_TOKEN, o), but: 'nobody' },
  { ...admin, name: 'revoke a token of an owner', try: (w, o) => w.revoke(BOOTSTRAP_TOKEN, o), but: 'nobody' },
  { ...admin, name: 'restore a token of an owner', try: (w, o) => w.restore(BOOTSTRAP_TOKEN, o) },
  { ...admin, name: 'demote an owner', try: (w, o) => w.put(ROOT_ACCOUNT, { grants: [] }, o), but: 'nobody' },
  {
    ...admin,
    name: 'disable an owner',
    try: (w, o) => w.put(ROOT_ACCOUNT, { ...OWNER, disabled: true }, o),
    but: 'nobody',
  },
  { ...admin, name: 'delete an owner', try: (w, o) => w.delete(ROOT_ACCOUNT, o), but: 'nobody' },
  {
    name: 'make an owner as an admin',
    by: 'admin',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.put(`${D}/accounts/weak`, OWNER, o),
  },
  {
    name: 'make an owner of oneself as an admin',
    by: 'admin',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.put(`${D}/accounts/admin`, OWNER, o),
  },
  {
    ...admin,
    name: 'rewrite an account that reaches owners by a role of another name',
    try: (w, o) => w.put(`${D}/accounts/guardian`, { grants: [] }, o),
  },
  {
    name: 'rotate a token of root with a role that reaches owners, and holds less than root',
    by: 'janitor',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.rotate(BOOTSTRAP_TOKEN, { overlap: '1h' }, o),
  },
  {
    name: 'mint a token of root with a role that reaches owners, and holds less than root',
    by: 'guardian',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.put(`${ROOT_ACCOUNT}/tokens/mine`, {}, o),
  },
  {
    name: 'make an owner of oneself with a role that reaches owners, and holds less than that',
    by: 'guardian',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.put(`${D}/accounts/guardian`, OWNER, o),
  },
];

const INSTALLATION_ATTEMPTS: readonly Attempt[] = [
  {
    name: 'create an organization as an admin of the first',
    by: 'admin',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.put('organizations/new', {}, o),
  },
  {
    name: 'create an organization with a role that reaches owners, and no organizations',
    by: 'guardian',
    rule: NO_PERMISSION,
    try: (w, o) => w.put('organizations/new', {}, o),
  },
  {
    ...boss,
    name: 'create an organization as the owner of a tenant',
    try: (w, o) => w.put('organizations/new', {}, o),
  },
  {
    name: 'delete one’s own organization as the owner of a tenant',
    by: 'boss',
    rule: NO_PERMISSION,
    try: (w, o) => w.delete(A, o),
    but: 'nobody',
  },
  {
    name: 'delete the organization default as an admin of it',
    by: 'admin',
    rule: NO_PERMISSION,
    try: (w, o) => w.delete(D, o),
    but: 'nobody',
  },
  {
    name: 'delete the organization default as an owner',
    by: 'root',
    rule: /cannot be deleted/,
    code: 'default-organization',
    try: (w, o) => w.delete(D, o),
    but: 'nobody',
  },
  { ...boss, name: 'read another organization', try: (w, o) => w.get(D, o) },
  { ...boss, name: 'read an account of another organization', try: (w, o) => w.get(ROOT_ACCOUNT, o) },
  { ...boss, name: 'list the accounts of another organization', try: (w, o) => w.list('service_account', D, o) },
  { ...boss, name: 'change the settings of another organization', try: (w, o) => w.put(D, {}, o) },
  { ...boss, name: 'make an account in another organization', try: (w, o) => w.put(`${D}/accounts/mine`, {}, o) },
  { ...boss, name: 'make an owner in another organization', try: (w, o) => w.put(`${D}/accounts/mine`, OWNER, o) },
  { ...boss, name: 'mint a token in another organization', try: (w, o) => w.put(`${ROOT_ACCOUNT}/tokens/x`, {}, o) },
  { ...boss, name: 'delete something of another organization', try: (w, o) => w.delete(`${D}/accounts/weak`, o) },
];

const DOOR_ATTEMPTS: readonly Attempt[] = [
  {
    ...self,
    name: 'end one’s own credential by a rotation without overlap',
    by: 'root',
    rule: /very credential/,
    code: 'own-credential',
    try: (w, o) => w.put(BOOTSTRAP_TOKEN, { rotation: 'x' }, o),
  },
  {
    name: 'end one’s own credential by deleting its account',
    by: 'clerk',
    rule: /very credential/,
    code: 'own-credential',
    try: (w, o) => w.delete(`${D}/accounts/clerk`, o),
    but: { by: 'clerk', options: { allowSelf: true } },
  },
  { ...last, name: 'delete the last owner', try: (w, o) => w.delete(ROOT_ACCOUNT, { ...o, ...meant }) },
  {
    ...last,
    name: 'demote the last owner',
    try: (w, o) => w.put(ROOT_ACCOUNT, { grants: [{ role: 'admin' }] }, { ...o, ...meant }),
  },
  {
    ...last,
    name: 'disable the last owner',
    try: (w, o) => w.put(ROOT_ACCOUNT, { ...OWNER, disabled: true }, { ...o, ...meant }),
  },
  {
    ...last,
    name: 'delete the last credential of the last owner',
    try: (w, o) => w.delete(BOOTSTRAP_TOKEN, { ...o, ...meant }),
  },
  {
    ...last,
    name: 'declare the last credential of the last owner as revoked',
    try: (w, o) => w.put(BOOTSTRAP_TOKEN, { state: 'revoked' }, { ...o, ...meant }),
  },
  { ...last, name: 'revoke the last credential of the last owner', try: (w, o) => w.revoke(BOOTSTRAP_TOKEN, o) },
  {
    ...last,
    name: 'let the last credential of the last owner expire',
    try: (w, o) => w.put(BOOTSTRAP_TOKEN, { expires_in: '90d' }, { ...o, ...meant }),
  },
  {
    ...last,
    name: 'narrow the last credential of the last owner',
    try: (w, o) => w.put(BOOTSTRAP_TOKEN, { permissions: ['*'] }, { ...o, ...meant }),
  },
];

const CREDENTIAL_ATTEMPTS: readonly Attempt[] = [
  {
    name: 'read the own app with the token of an app',
    by: 'till',
    rule: /token of an app/,
    try: (w, o) => w.get(`${D}/apps/till`, o),
  },
  {
    name: 'make another token of the own app with the token of an app',
    by: 'till',
    rule: /token of an app/,
    try: (w, o) => w.put(`${D}/apps/till/tokens/second`, {}, o),
  },
  {
    name: 'revoke another token with the token of an app',
    by: 'till',
    rule: /revoke itself and nothing else/,
    try: (w, o) => w.revoke(`${D}/accounts/weak/tokens/none`, o),
    but: 'nobody',
  },
  {
    name: 'read a user with a token for SCIM',
    by: 'scim',
    rule: /purpose "scim"/,
    try: (w, o) => w.get(`${D}/users/alice`, o),
  },
  {
    name: 'make an account with a token for SCIM, whatever its account may do',
    by: 'scim',
    rule: /purpose "scim"/,
    try: (w, o) => w.put(`${D}/accounts/mine`, {}, o),
  },
  {
    name: 'mint a token for the API with a token for SCIM of the same account',
    by: 'scim',
    rule: /purpose "scim"/,
    try: (w, o) => w.put(`${D}/accounts/scim/tokens/api`, {}, o),
  },
];

export const OWNER_ATTEMPTS: readonly Attempt[] = [
  ...OWNER_ATTEMPTS_ON_ROOT,
  ...INSTALLATION_ATTEMPTS,
  ...DOOR_ATTEMPTS,
  ...CREDENTIAL_ATTEMPTS,
];
