/** Nobody gets more than they hold: every way that there could be, tried, refused and on record. */
import { expect } from 'chai';
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import { refused } from '../support/service.ts';
import type { Attempt } from './attempt.ts';
import { HOLDER_ATTEMPTS } from './attempts-holders.ts';
import { OWNER_ATTEMPTS } from './attempts-owners.ts';
import { PLACE_ATTEMPTS } from './attempts-places.ts';
import { TOKEN_ATTEMPTS } from './attempts-tokens.ts';
import { openWorld, type World } from './world.ts';

const ATTEMPTS: readonly Attempt[] = [...TOKEN_ATTEMPTS, ...HOLDER_ATTEMPTS, ...PLACE_ATTEMPTS, ...OWNER_ATTEMPTS];

describe('an escalation is refused, on record and without effect:', () => {
  let world: World;
  let untouched: unknown;
  let newest = 0;
  before(async () => {
    world = await openWorld();
    untouched = await world.rows();
    newest = (await world.events())[0]?.id ?? 0;
  });
  after(() => world.f.close());
  afterEach(async function () {
    // What succeeds is one failure and not that of all that follow.
    if (this.currentTest?.state === 'failed') untouched = await world.rows();
  });

  for (const attempt of ATTEMPTS) {
    it(attempt.name, async () => {
      // The record is limited by the minute.
      world.f.clock.advance(60_000);
      const caller = world.as(attempt.by);
      const { code = 'forbidden', rule } = attempt;
      const problem = await refused(attempt.try(world, { caller }), code);
      expect(problem.message).to.match(rule);
      expect(await world.rows(), 'nothing has changed').to.deep.equal(untouched);

      const events = (await world.events()).filter(({ id }) => id > newest);
      newest = events[0]?.id ?? newest;
      const subject = await subjectOf(world, attempt);
      expect(events.map(({ outcome }) => outcome)).to.deep.equal(['refused']);
      const [event] = events;
      expect(event).to.include({
        organization: organizationOf(subject.token),
        actor: subject.identifier,
        actor_token: subject.token,
        request_id: caller.requestId,
        at: world.f.clock.now,
      });
      expect(event?.details.code).to.equal(code);
      await expectPossible(world, attempt);
    });
  }

  it('each of them under a name of its own', () => {
    const names = ATTEMPTS.map(({ name }) => name);
    expect(new Set(names)).to.have.length(names.length);
    console.log(`    ${names.length} escalations attempted, 0 succeeded`);
    expect(names.length).to.be.at.least(40);
  });
});

function subjectOf(world: World, { by }: Attempt) {
  return world.service.authenticate(world.as(by), ['api', 'app', 'scim', 'enrolment']);
}

/** The same by somebody who may: else the attempt failed for another reason than it says. */
async function expectPossible(world: World, attempt: Attempt): Promise<void> {
  const { but = { by: 'root' } } = attempt;
  if (but === 'nobody') return;
  await attempt.try(world, { caller: world.as(but.by), dryRun: true, ...('options' in but && but.options) });
}
