/** Attempts by way of where things lie: projects, apps, teams, and what isolation and a home confine. */
import { type Attempt, MORE_SIGHT, MORE_THAN_HELD, NO_PERMISSION, NOT_THERE } from './attempt.ts';
import { A, D } from './world.ts';

const porter = { by: 'porter', rule: MORE_THAN_HELD } as const;
const insider = { by: 'insider', rule: MORE_SIGHT, but: { by: 'boss' } } as const;
const ISOLATED = { settings: { team_isolation: true } };

export const PLACE_ATTEMPTS: readonly Attempt[] = [
  // projects and apps
  {
    ...porter,
    name: 'move a project under another tree, whose people gain it',
    try: (w, o) => w.put(`${D}/projects/inner`, { parent: 'theirs' }, o),
  },
  {
    ...porter,
    name: 'move a project back to where a grant comes to life again that had no effect since it was moved away',
    try: (w, o) => w.put(`${D}/projects/annex`, { parent: 'camp' }, o),
  },
  {
    ...porter,
    name: 'move an app into a project, whose people gain it',
    try: (w, o) => w.put(`${D}/apps/till`, { project: 'theirs', teams: ['blue'] }, o),
  },
  {
    ...porter,
    name: 'add a team to an app, whose people gain it',
    try: (w, o) => w.put(`${D}/apps/till`, { teams: ['blue', 'green'] }, o),
  },
  {
    name: 'move an app into a project of others',
    by: 'mason',
    rule: NO_PERMISSION,
    try: (w, o) => w.put(`${D}/apps/shelf`, { project: 'theirs' }, o),
  },
  {
    name: 'create an app in a project of others',
    by: 'keeper',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.put(`${D}/apps/new`, { project: 'theirs' }, o),
  },
  // who administers a team or a project
  {
    name: 'make, as the admin of a team, an account of the organization',
    by: 'lead',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.put(`${D}/accounts/new`, {}, o),
  },
  {
    name: 'make, as the admin of a team, an account of another team',
    by: 'lead',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.put(`${D}/accounts/new`, { scope: 'teams/green' }, o),
  },
  {
    name: 'make, as the admin of a team, an account that holds more at the team',
    by: 'lead',
    rule: MORE_THAN_HELD,
    try: (w, o) =>
      w.put(`${D}/accounts/new`, { scope: 'teams/blue', grants: [{ role: 'admin', scope: 'teams/blue' }] }, o),
  },
  {
    name: 'grant more at the team to an account of one’s own team',
    by: 'lead',
    rule: MORE_THAN_HELD,
    try: (w, o) =>
      w.put(`${D}/accounts/member`, { scope: 'teams/blue', grants: [{ role: 'developer', scope: 'teams/blue' }] }, o),
  },
  {
    name: 'write an account of another team',
    by: 'lead',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.put(`${D}/accounts/stranger`, { scope: 'teams/green' }, o),
  },
  {
    name: 'delete an account of another team',
    by: 'lead',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.delete(`${D}/accounts/stranger`, o),
  },
  {
    name: 'mint a token of an account of another team',
    by: 'lead',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.put(`${D}/accounts/stranger/tokens/new`, {}, o),
  },
  {
    name: 'raise oneself, as the admin of a team, by one’s own account, which lies in the organization',
    by: 'lead',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.put(`${D}/accounts/lead`, { grants: [{ role: 'team-admin' }] }, o),
  },
  {
    name: 'make, as the admin of a project, an account of the organization that is granted something outside',
    by: 'keeper',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.put(`${D}/accounts/new`, { grants: [{ role: 'viewer', scope: 'projects/theirs' }] }, o),
  },
  {
    name: 'rotate a token of an account that lives in another project',
    by: 'keeper',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.rotate(`${D}/accounts/neighbour/tokens/main`, null, o),
  },
  {
    name: 'use a grant beyond one’s home, which lies outside since its project was moved away',
    by: 'nomad',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.put(`${D}/accounts/annexed/tokens/new`, {}, o),
  },
  // team isolation
  { ...insider, name: 'lift team isolation while confined by it', try: (w, o) => w.put(A, {}, o) },
  {
    ...insider,
    name: 'leave one’s team, for there is no confinement without one',
    try: (w, o) => w.put(`${A}/accounts/insider`, { grants: [{ role: 'admin' }] }, o),
  },
  {
    ...insider,
    name: 'join another team besides one’s own',
    try: (w, o) => w.put(`${A}/accounts/insider`, { grants: [{ role: 'admin' }], teams: ['blue', 'green'] }, o),
  },
  {
    ...insider,
    name: 'make an account without a team',
    try: (w, o) => w.put(`${A}/accounts/new`, { grants: [{ role: 'viewer' }] }, o),
  },
  {
    ...insider,
    name: 'make an account that lives in another team',
    try: (w, o) =>
      w.put(`${A}/accounts/new`, { scope: 'teams/green', grants: [{ role: 'viewer', scope: 'teams/green' }] }, o),
  },
  {
    ...insider,
    name: 'grant to an account without a team what it then holds at all apps',
    try: (w, o) => w.put(`${A}/accounts/outsider`, { grants: [{ role: 'viewer' }] }, o),
  },
  {
    ...insider,
    name: 'mint a token of an account without a team',
    try: (w, o) => w.put(`${A}/accounts/open/tokens/new`, {}, o),
  },
  { ...insider, name: 'enrol a user without a team', try: (w, o) => w.enrol(`${A}/users/dave`, o) },
  {
    ...insider,
    name: 'fill a role that an account without a team holds',
    try: (w, o) => w.put(`${A}/roles/empty`, { permissions: ['*'] }, o),
  },
  {
    ...insider,
    name: 'move a project, with apps that one does not see, to where people without a team gain them',
    try: (w, o) => w.put(`${A}/projects/depot`, { parent: 'shop' }, o),
  },
  {
    name: 'bring an app of another team into one’s own',
    by: 'insider',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.put(`${A}/apps/unseen`, { teams: ['blue', 'green'] }, o),
    but: { by: 'boss' },
  },
  {
    name: 'mint a token of an app of another team',
    by: 'insider',
    rule: NOT_THERE,
    code: 'not-found',
    try: (w, o) => w.put(`${A}/apps/unseen/tokens/new`, {}, o),
    but: { by: 'boss' },
  },
  {
    name: 'change as a viewer the settings of the organization',
    by: 'viewer',
    rule: NO_PERMISSION,
    try: (w, o) => w.put(D, ISOLATED, o),
  },
];
