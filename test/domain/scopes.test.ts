import { expect } from 'chai';
import fc from 'fast-check';
import type { Problem } from '../../daemon/domain/problem.ts';
import { cases, caseTime } from '../support/cases.ts';
import { printedSeed } from '../support/seed.ts';
import { type Fixture, openFixture } from '../support/service.ts';
import { build, type Story, stories } from './random-worlds.ts';
import { decide, type Question } from './reference-decision.ts';

const CASES = cases(10_000);
const QUESTIONS = 100;

type Asked = Story['questions'][number];

/** The permission to read what has an address of that collection. */
const READ: Readonly<Record<string, string>> = {
  organization: 'settings.read',
  projects: 'projects.read',
  teams: 'teams.read',
  apps: 'apps.read',
  accounts: 'accounts.read',
};

describe('decisions', () => {
  let f: Fixture;
  before(async () => {
    f = await openFixture();
  });
  after(() => f.close());

  it('are those of a plain reference, for random projects, teams, apps, roles, grants and tokens', async function () {
    this.timeout(caseTime(120_000));
    const counts: Record<string, number> = { allowed: 0, forbidden: 0, unauthenticated: 0, read: 0, 'not read': 0 };
    let organizations = 0;
    const property = fc.asyncProperty(stories(QUESTIONS), async (story) => {
      organizations += 1;
      const name = `random-${organizations}`;
      const secrets = await build(f, name, story);
      await Promise.all(
        story.questions.map(async (question) => {
          const secret = secrets.get(question.holder) as string;
          const decision = await asked(f, name, secret, question);
          expect(decision, explained(story, question)).to.equal(decide(story.after, question));
          counts[decision] = (counts[decision] ?? 0) + 1;
          // The token of an app opens nothing here; everybody else reads just what a question about reading would allow.
          if (question.holder.startsWith('apps/')) return;
          const reading = { ...question, permission: READ[question.scope.split('/')[0] as string] };
          const outcome = (await isRead(f, name, secret, question)) ? 'read' : 'not read';
          expect(outcome === 'read', explained(story, reading)).to.equal(decide(story.after, reading) === 'allowed');
          counts[outcome] = (counts[outcome] ?? 0) + 1;
        }),
      );
    });
    const numRuns = CASES / QUESTIONS;
    await fc.assert(property, { seed: printedSeed('decisions'), numRuns, endOnFailure: true });
    const { allowed = 0, forbidden = 0, unauthenticated = 0, read = 0 } = counts;
    console.log(`    ${CASES} questions in ${organizations} organizations: ${JSON.stringify(counts)}`);
    expect(allowed + forbidden + unauthenticated).to.equal(CASES);
    for (const few of [allowed, read]) expect(few, 'enough are positive to tell anything').to.be.above(CASES / 20);
    expect(unauthenticated).to.be.above(0);
  });
});

/** The decision when a service asks. */
async function asked(f: Fixture, organization: string, secret: string, question: Asked): Promise<string> {
  const { permission, scope, isOwn, spelling } = question;
  const where = isOwn ? organization : 'default';
  const verdict = await f.service.verify(
    {
      credential: { scheme: 'bearer', token: secret },
      ip: null,
      permission,
      organization: where,
      scope: spelling === 'short' ? scope : addressOf(where, scope),
    },
    'question',
  );
  return verdict.decision;
}

/** Whether the API shows what the question is about, or would if it were there. */
async function isRead(f: Fixture, organization: string, secret: string, { scope, isOwn }: Asked): Promise<boolean> {
  const address = addressOf(isOwn ? organization : 'default', scope);
  try {
    await f.service.get({ caller: f.as(secret), address });
    return true;
  } catch (error) {
    if (!['unauthenticated', 'forbidden', 'not-found'].includes((error as Problem).code)) throw error;
    return false;
  }
}

function addressOf(organization: string, scope: string): string {
  const address = `organizations/${organization}`;
  return scope === 'organization' ? address : `${address}/${scope}`;
}

/** What a reader needs to judge a difference: the question, who asks, and what lies around the place. */
function explained({ after }: Story, question: Question): string {
  const { projects, apps, roles, isolated, holders } = after;
  return JSON.stringify({ question, who: holders[question.holder], isolated, projects, apps, roles });
}
