import { expect } from 'chai';
import { Limits } from '../../daemon/domain/limits.ts';
import { addressesIn, LOOPBACK } from '../../daemon/http/client-address.ts';

const NOON = Date.UTC(2030, 0, 1, 12);

describe('the limit of failures', () => {
  const failures = { quota: 2, window: 60_000 };
  const exhausted = (limits: Limits, address: string) => {
    for (let count = 0; count < 2; count += 1) expect(limits.failed(address, NOON), address).to.equal(undefined);
  };

  it('counts IPv4 addresses one by one', () => {
    const limits = new Limits({ failures });
    exhausted(limits, '203.0.113.7');
    exhausted(limits, '203.0.113.8');
    expect(limits.failed('203.0.113.7', NOON)).to.include({ code: 'too-many-requests' });
  });

  it('counts an IPv6 network of 64 bits as one client, however its addresses are written', () => {
    const limits = new Limits({ failures });
    exhausted(limits, '2001:db8::1');
    for (const same of ['2001:db8::2', '2001:db8:0:0:ffff::', '2001:DB8:0::9']) {
      expect(limits.failed(same, NOON), same).to.not.equal(undefined);
    }
    exhausted(limits, '2001:db8:0:1::1');
  });

  it('counts neither an exempt address nor a connection that is gone already', () => {
    const limits = new Limits({ failures, exempt: addressesIn([...LOOPBACK, '10.0.0.0/8']) });
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '10.1.2.3', null]) {
      for (let count = 0; count < 5; count += 1) expect(limits.failed(address, NOON), `${address}`).to.equal(undefined);
    }
    exhausted(limits, '192.0.2.1');
    expect(limits.failed('192.0.2.1', NOON)).to.not.equal(undefined);
  });
});

describe('the limit of uses', () => {
  it('counts each token by itself, and is off without a rate', () => {
    const limits = new Limits({ use: { quota: 1, window: 1000 } });
    const off = new Limits({});
    expect(limits.used('a', NOON)).to.equal(undefined);
    expect(limits.used('b', NOON)).to.equal(undefined);
    expect(limits.used('a', NOON)?.limited).to.deep.equal({
      policy: 'use',
      quota: 1,
      window: 1000,
      retryAfter: 1000,
    });
    for (let count = 0; count < 1000; count += 1) {
      expect(off.used('a', NOON)).to.equal(undefined);
      expect(off.failed('192.0.2.1', NOON)).to.equal(undefined);
    }
  });
});
