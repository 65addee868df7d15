import { BlockList } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  checkText,
  DURATION_LIMIT,
  durationMs,
  FORMATS,
  formatTimestamp,
  timestampMs,
} from '../../terraform-provider-spec/formats.ts';
import type { Format } from '../../terraform-provider-spec/kind.ts';
import { formatNetwork, readNetwork } from '../../terraform-provider-spec/network.ts';
import { holds } from './property.ts';

function takes(format: Format, ...values: string[]): void {
  for (const value of values)
    expect(FORMATS[format].check(value), `${format} ${JSON.stringify(value)}`).to.equal(undefined);
}

function refuses(format: Format, ...values: string[]): void {
  for (const value of values)
    expect(FORMATS[format].check(value), `${format} ${JSON.stringify(value)}`).to.be.a('string');
}

describe('formats', () => {
  it('a duration is one unit and a positive whole number without leading zero, below 100 years', () => {
    takes('duration', '1s', '45s', '30m', '12h', '90d', '36499d', '3153599999s');
    refuses(
      'duration',
      '',
      '0s',
      '0d',
      '01d',
      '-1d',
      '+1d',
      '1.5h',
      '1w',
      '1D',
      '1 d',
      'd',
      '1d12h',
      ' 1d',
      '1d\n',
      '90',
    );
    refuses('duration', '36500d', '3153600000s', '99999999999999999999d');
    takes('duration-or-zero', '0s', '1s', '36499d');
    refuses('duration-or-zero', '0d', '0m', '0h', '00s', '-0s', '36500d');
  });

  it('a duration means its milliseconds', () => {
    const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]));
    holds(
      fc.property(fc.integer({ min: 1, max: 40_000 }), unit, (count, name) => {
        const text = `${count}${name}`;
        if (count * units[name] < DURATION_LIMIT) expect(durationMs(text)).to.equal(count * units[name]);
        else expect(() => durationMs(text)).to.throw(RangeError);
      }),
    );
    expect(durationMs('0s')).to.equal(0);
    expect(() => durationMs('soon')).to.throw(RangeError);
  });

  it('a timestamp is RFC 3339 in UTC, of a day and time that exist', () => {
    takes(
      'timestamp',
      '2026-01-02T03:04:05Z',
      '2026-01-02T03:04:05.1Z',
      '2026-01-02T03:04:05.123Z',
      '2024-02-29T23:59:59Z',
    );
    refuses('timestamp', 'tomorrow', '2026-01-02', '2026-01-02T03:04Z', '2026-01-02 03:04:05Z', '2026-01-02T03:04:05');
    refuses(
      'timestamp',
      '2026-01-02T03:04:05+00:00',
      '2026-01-02t03:04:05z',
      '2026-01-02T03:04:05.1234Z',
      '2026-01-02T03:04:05.Z',
    );
    refuses(
      'timestamp',
      '2026-01-02T24:00:00Z',
      '2026-01-02T23:59:60Z',
      '2026-01-02T23:60:00Z',
      '+002026-01-02T03:04:05Z',
    );
    refuses(
      'timestamp',
      '2025-02-29T00:00:00Z',
      '2100-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-00-01T00:00:00Z',
    );
  });

  it('the calendar decides which days exist', () => {
    const two = (number: number) => String(number).padStart(2, '0');
    const day = fc.record({
      year: fc.integer({ min: 1900, max: 2400 }),
      month: fc.integer({ min: 0, max: 13 }),
      day: fc.integer({ min: 0, max: 32 }),
    });
    holds(
      fc.property(day, ({ year, month, day }) => {
        const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
        const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        const exists = day >= 1 && day <= (lengths[month - 1] ?? 0);
        const text = `${year}-${two(month)}-${two(day)}T12:00:00Z`;
        expect(FORMATS.timestamp.check(text) === undefined, text).to.equal(exists);
      }),
      2_000,
    );
  });

  it('a time survives being written and read, in the shortest notation', () => {
    holds(
      fc.property(fc.integer({ min: 0, max: timestampMs('9999-12-31T23:59:59Z') }), (milliseconds) => {
        const text = formatTimestamp(milliseconds);
        takes('timestamp', text);
        expect(timestampMs(text)).to.equal(milliseconds);
      }),
    );
    expect(formatTimestamp(Date.UTC(2026, 0, 2, 3, 4, 5))).to.equal('2026-01-02T03:04:05Z');
    expect(formatTimestamp(Date.UTC(2026, 0, 2, 3, 4, 5, 120))).to.equal('2026-01-02T03:04:05.120Z');
    expect(() => timestampMs('2026-02-30T00:00:00Z')).to.throw(RangeError);
  });

  it('a network is refused for host bits, and the network that was meant is named', () => {
    takes(
      'cidr',
      '0.0.0.0/0',
      '10.0.0.0/8',
      '192.0.2.7/32',
      '::/0',
      '2001:db8::/32',
      '::1/128',
      'FE80::/10',
      '2001:db8::1.2.3.4/128',
    );
    refuses(
      'cidr',
      '',
      '10.0.0.0',
      '10.0.0.0/',
      '10.0.0.0/33',
      '10.0.0/8',
      '10.0.0.0/08',
      '10.0.0.0/-1',
      '010.0.0.0/8',
    );
    refuses('cidr', '::/129', '2001:db8::/32 ', 'fe80::1%eth0/128', '1::2::3/128', '10.0.0.0/8/8', 'example.com/8');
    expect(FORMATS.cidr.check('10.1.2.3/8')).to.contain('"10.0.0.0/8"');
    expect(FORMATS.cidr.check('2001:db8:ff::1/32')).to.contain('"2001:db8::/32"');
    expect(FORMATS.cidr.check('::ffff:192.0.2.1/128')).to.contain('IPv4');
  });

  it('the network that is named holds the address, and is itself accepted', () => {
    const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.constant('ipv4' as const));
    const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.constant('ipv6' as const));
    holds(
      fc.property(fc.oneof(v4, v6), ([address, prefix, family]) => {
        const named = /the network is "(.+)"$/.exec(FORMATS.cidr.check(`${address}/${prefix}`) ?? '')?.[1];
        if (named === undefined) return;
        takes('cidr', named);
        const networks = new BlockList();
        networks.addSubnet(named.split('/')[0] as string, prefix, family);
        expect(networks.check(address, family), `${named} holds ${address}`).to.equal(true);
      }),
      500,
    );
  });

  it('an IPv6 network is written as URLs write addresses', () => {
    const sparse = fc.array(fc.constantFrom('0', '0', '0', '1', 'db8', 'ffff'), { minLength: 8, maxLength: 8 });
    holds(
      fc.property(
        fc.oneof(
          fc.ipV6(),
          sparse.map((groups) => groups.join(':')),
        ),
        (address) => {
          const network = readNetwork(`${address}/128`);
          expect(network, address).not.to.equal(undefined);
          expect(network && formatNetwork(network)).to.equal(
            `${new URL(`http://[${address}]`).hostname.slice(1, -1)}/128`,
          );
        },
      ),
    );
  });

  it('names, domains, scopes, permissions and hashes are held to their alphabets', () => {
    const label = 'a'.repeat(63);
    takes('name', 'a', '0', 'a.b_c-d', label);
    refuses(
      'name',
      '',
      '..',
      '.',
      'a/b',
      'A',
      '-a',
      'a-',
      'a'.repeat(64),
      'a'.repeat(300),
      'a\0',
      'a\n',
      'ä',
      '__proto__',
    );
    takes('domain', 'example', 'iam.example.com', 'xn--bcher-kva.example', `${label}.example`);
    refuses(
      'domain',
      '',
      'not a domain',
      'Example.com',
      'example.com.',
      '.com',
      'a..b',
      '-a.com',
      'a-.com',
      `${label}a.com`,
      '10.0.0.1',
    );
    refuses('domain', `${`${label}.`.repeat(4)}com`, 'a_b.com', 'example.com\n');
    takes('scope', 'organization', 'projects/x', 'teams/a.b', 'apps/shop');
    refuses(
      'scope',
      '',
      'everywhere',
      'projects',
      'projects/',
      'projects/x/y',
      'organizations/x',
      'users/x',
      'teams/X',
      'organization/x',
    );
    takes('permission', '*', 'accounts.read', 'accounts.*', '*.read', 'signing-keys.rotate');
    refuses(
      'permission',
      '',
      'everything',
      '.',
      'a.',
      '.a',
      '*.*',
      'a.b.c',
      'A.read',
      'a.b\n',
      'a*.b',
      `${'a'.repeat(64)}.read`,
    );
    takes('secret-hash', `sha256:${'0f'.repeat(32)}`);
    refuses(
      'secret-hash',
      'sha256:abc',
      `sha256:${'0F'.repeat(32)}`,
      '0f'.repeat(32),
      `sha256:${'0f'.repeat(32)}\n`,
      `sha512:${'0f'.repeat(32)}`,
    );
    takes('address', 'organizations/default', 'organizations/a/accounts/b/tokens/c');
    refuses(
      'address',
      '',
      'organizations',
      'organizations/',
      '/organizations/a',
      'organizations/a/b/c',
      'organizations/../accounts/b',
    );
  });

  it('text holds no control character and no half of a surrogate pair', () => {
    for (const good of ['', 'plain', 'two\nlines', 'a\ttab', 'Zürich 東京 🚀', '\u2028'])
      expect(checkText(good)).to.equal(undefined);
    for (const bad of ['\0', 'a\0b', '\r', '\x1b[31m', '\x7f', '\x85', '\ud800', 'x\udc00', '\udc00\ud800']) {
      expect(checkText(bad), JSON.stringify(bad)).to.be.a('string');
    }
    takes('label-value', '', 'gold', 'Zürich 🚀');
    refuses('label-value', 'a\nb', 'a\tb', '\0', '\ud800');
  });

  it('a refusal never repeats the value', () => {
    const canary = 'acr_sa_canary';
    for (const [format, { check }] of Object.entries(FORMATS)) {
      expect(check(`${canary}\n`) ?? '', format).not.to.contain('canary');
    }
  });
});
