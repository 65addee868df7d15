/** Attempts to make somebody stronger: accounts, users, the roles that they hold, and the people themselves. */
import { type Attempt, MORE_THAN_HELD, OWNERS_ONLY } from './attempt.ts';
import { A, D } from './world.ts';

const clerk = { by: 'clerk', rule: MORE_THAN_HELD } as const;
const OWN_PERSON = /personal access token/;

export const HOLDER_ATTEMPTS: readonly Attempt[] = [
  // grants
  {
    ...clerk,
    name: 'make an account that is stronger than oneself',
    try: (w, o) => w.put(`${D}/accounts/new`, { grants: [{ role: 'builder' }] }, o),
  },
  {
    ...clerk,
    name: 'make a user that is stronger than oneself',
    try: (w, o) => w.put(`${D}/users/new`, { grants: [{ role: 'admin' }] }, o),
  },
  {
    ...clerk,
    name: 'grant more to another account',
    try: (w, o) => w.put(`${D}/accounts/weak`, { grants: [{ role: 'reader' }, { role: 'builder' }] }, o),
  },
  {
    ...clerk,
    name: 'grant more to oneself',
    try: (w, o) => w.put(`${D}/accounts/clerk`, { grants: [{ role: 'clerk' }, { role: 'builder' }] }, o),
  },
  {
    ...clerk,
    name: 'grant more to a user',
    try: (w, o) => w.put(`${D}/users/alice`, { grants: [{ role: 'admin' }] }, o),
  },
  {
    ...clerk,
    name: 'widen a grant from a project to the organization',
    try: (w, o) => w.put(`${D}/accounts/local`, { grants: [{ role: 'builder' }] }, o),
  },
  {
    name: 'grant more with a narrow token than it carries',
    by: 'clerk-narrow',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.put(`${D}/accounts/new`, { grants: [{ role: 'clerk' }] }, o),
  },
  // back to life
  {
    ...clerk,
    name: 'enable a stronger account that is disabled',
    try: (w, o) => w.put(`${D}/accounts/stopped`, { grants: [{ role: 'builder' }] }, o),
  },
  {
    ...clerk,
    name: 'activate a stronger user who has left',
    try: (w, o) => w.put(`${D}/users/carol`, { grants: [{ role: 'builder' }] }, o),
  },
  // roles
  {
    ...clerk,
    name: 'add to the role that oneself holds',
    try: (w, o) => w.put(`${D}/roles/clerk`, { permissions: ['accounts.*', 'tokens.*', 'roles.*', 'builds.*'] }, o),
  },
  {
    ...clerk,
    name: 'add to a role that others hold',
    try: (w, o) => w.put(`${D}/roles/reader`, { permissions: ['accounts.read', 'builds.read'] }, o),
  },
  {
    ...clerk,
    name: 'make a role with more than one holds',
    try: (w, o) => w.put(`${D}/roles/new`, { permissions: ['builds.read'] }, o),
  },
  {
    ...clerk,
    name: 'make a role of a wildcard that covers more than one holds',
    try: (w, o) => w.put(`${D}/roles/new`, { permissions: ['*.read'] }, o),
  },
  {
    name: 'make a role that reaches owners',
    by: 'admin',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.put(`${D}/roles/new`, { permissions: ['owners.*'] }, o),
  },
  {
    name: 'add owners to the role that oneself holds',
    by: 'clerk',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.put(`${D}/roles/clerk`, { permissions: ['roles.*', 'owners.write'] }, o),
  },
  {
    name: 'take its power over owners out of a role that others hold',
    by: 'admin',
    rule: OWNERS_ONLY,
    try: (w, o) => w.put(`${D}/roles/guardian`, { permissions: [] }, o),
  },
  // by way of an identity provider
  {
    name: 'activate as an identity provider a stronger user who has left',
    by: 'hr',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.provision(`${A}/users/frank`, { attributes: { active: true } }, o),
    but: 'nobody',
  },
  {
    name: 'put as an identity provider a stronger user into a team, whose apps that one then sees',
    by: 'hr',
    rule: MORE_THAN_HELD,
    try: async (w, o) => w.provision(`${A}/teams/blue`, { members: [await w.uid(`${A}/users/erin`)] }, o),
    but: 'nobody',
  },
  {
    name: 'deactivate as an identity provider a user who is an owner',
    by: 'hr',
    rule: OWNERS_ONLY,
    try: (w, o) => w.provision(`${A}/users/grace`, { attributes: { active: false } }, o),
    but: 'nobody',
  },
  // people
  { ...clerk, name: 'enrol a user who is stronger than oneself', try: (w, o) => w.enrol(`${D}/users/bob`, o) },
  {
    name: 'replay with a narrow token the Idempotency-Key with which a wide one of the account enrolled',
    by: 'admin-narrow',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.enrol(`${D}/users/bob`, { idempotencyKey: 'wide', ...o }),
    but: { by: 'admin', options: { dryRun: false } },
  },
  {
    name: 'make a personal token of somebody else, even as an owner',
    by: 'root',
    rule: OWN_PERSON,
    try: (w, o) => w.put(`${D}/users/alice/tokens/mine`, {}, o),
    but: { by: 'alice' },
  },
  {
    name: 'rotate the personal token of somebody else, even as an owner',
    by: 'root',
    rule: OWN_PERSON,
    try: (w, o) => w.rotate(`${D}/users/alice/tokens/narrow`, null, o),
    but: { by: 'alice' },
  },
  {
    name: 'take the personal token of somebody else over by another claim',
    by: 'admin',
    rule: OWN_PERSON,
    try: (w, o) => w.put(`${D}/users/alice/tokens/main`, {}, { ...o, claim: 'mine' }),
    but: 'nobody',
  },
  {
    name: 'make a wide personal token with a narrow one',
    by: 'alice-narrow',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.put(`${D}/users/alice/tokens/new`, {}, o),
    but: { by: 'alice' },
  },
  {
    name: 'rotate one’s wide personal token with a narrow one',
    by: 'alice-narrow',
    rule: MORE_THAN_HELD,
    try: (w, o) => w.rotate(`${D}/users/alice/tokens/main`, { overlap: '1h' }, o),
    but: { by: 'alice' },
  },
  {
    name: 'use an enrolment for a token of another user',
    by: 'enrolled',
    rule: OWN_PERSON,
    try: (w, o) => w.put(`${D}/users/bob/tokens/mine`, {}, o),
    but: 'nobody',
  },
  {
    name: 'read with an enrolment',
    by: 'enrolled',
    rule: /enrolment token/,
    try: (w, o) => w.get(`${D}/users/alice`, o),
  },
  {
    name: 'rotate a token of one’s own with an enrolment',
    by: 'enrolled',
    rule: /enrolment token/,
    try: (w, o) => w.rotate(`${D}/users/alice/tokens/main`, null, o),
    but: { by: 'alice', options: { allowSelf: true } },
  },
];
