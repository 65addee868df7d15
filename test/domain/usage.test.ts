import { expect } from 'chai';
import { type Fixture, openFixture } from '../support/service.ts';

describe('the last use of a token', () => {
  let f: Fixture;
  beforeEach(async () => {
    f = await openFixture();
  });
  afterEach(() => f.close());

  it('is seen from then on, also while it is being written', async () => {
    const viewer = await f.account('viewer', ['viewer']);
    await f.service.authenticate(f.as(viewer));
    const neverUsed = async () =>
      (await f.service.count({ caller: f.as(viewer), organization: 'organizations/default' })).never_used;
    const seen = new Set([await neverUsed()]);
    let isWriting = true;
    const written = f.service.maintain().finally(() => {
      isWriting = false;
    });
    while (isWriting) seen.add(await neverUsed());
    await written;
    seen.add(await neverUsed());
    expect(seen.size, 'a token that was used never looks unused again').to.equal(1);
  });
});
