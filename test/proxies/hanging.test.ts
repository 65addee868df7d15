/** What clients see while Accredit takes questions and does not answer them. */
import { expect } from 'chai';
import { type Answer, bearer, Fixture, isTested } from './fixture.ts';
import { PROXIES, type ProxyServer } from './proxies.ts';

/** Milliseconds: the examples give Accredit five or six seconds. */
const PATIENCE = 10_000;

interface Outcome {
  readonly answer: Answer | undefined;
  readonly reached: number;
}

describe('while Accredit hangs, a service', function () {
  this.timeout(PATIENCE + 15_000);
  const outcomes = new Map<ProxyServer, Outcome>();

  // All at the same time: each of them waits.
  before(async () => {
    await Promise.all(
      PROXIES.filter(isTested).map(async (proxy) => {
        const fixture = await Fixture.start(proxy);
        let patience: NodeJS.Timeout | undefined;
        try {
          const headers = bearer(await fixture.account('reader', 'reader'));
          expect((await fixture.send('/', { headers })).status, proxy.name).to.equal(200);
          fixture.received.length = 0;
          await fixture.hangDaemon();
          const lost = new Promise<undefined>((resolve) => {
            patience = setTimeout(() => resolve(undefined), PATIENCE);
          });
          const answer = await Promise.race([fixture.send('/', { headers }), lost]);
          outcomes.set(proxy, { answer, reached: fixture.received.length });
        } finally {
          clearTimeout(patience);
          await fixture.close();
        }
      }),
    );
  });

  for (const proxy of PROXIES) {
    (isTested(proxy) ? it : it.skip)(
      `behind ${proxy.name} is not reached, and its clients are told so in the end`,
      () => {
        const { answer, reached } = outcomes.get(proxy) as Outcome;
        expect(answer?.status).to.be.oneOf(proxy.asksAuthorize ? [502, 503, 504] : [401]);
        expect(reached).to.equal(0);
      },
    );
  }
});
