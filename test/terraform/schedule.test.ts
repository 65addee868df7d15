/**
 * Rotation on a schedule with the real Terraform, under a clock of the daemon's that the tests move: the days of a few
 * tokens, walked through once.
 */
import { expect } from 'chai';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { uniqueName } from '../contract/bench.ts';
import { fakeClock } from '../support/daemon.ts';
import type { Workspace } from '../support/terraform.ts';
import type { Plan } from '../support/terraform-answers.ts';
import type { Run } from '../support/terraform-process.ts';
import { accountAndToken, addressesOf, expectReplaced, PATIENCE, useTerraform } from './bench.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const EVERY = 'rotate_every = "30d"\n  overlap = "12h"';
const [ONE, TWO] = [mintToken('sa'), mintToken('sa')];

/** The lines of a token whose secret is made elsewhere. */
const madeElsewhere = (secret: string, version: number) =>
  `${EVERY}\n  secret_hash_wo = "sha256:${tokenHash(secret)}"\n  secret_hash_wo_version = ${version}`;

/** Each with an account of its own, and the lines of its block. */
const TOKENS = {
  every: EVERY,
  early: EVERY,
  expired: 'expires_in = "30d"\n  rotate_before_expiry = "12h"',
  elsewhere: madeElsewhere(ONE, 1),
  other: EVERY,
} as const;

type Name = keyof typeof TOKENS;
const NAMES = Object.keys(TOKENS) as Name[];
const resource = (name: string) => `accredit_service_account_token.${name}`;

describe('rotation on a schedule in Terraform', () => {
  const clock = fakeClock();
  const bench = useTerraform(clock);
  const accounts = Object.fromEntries(NAMES.map((name) => [name, uniqueName('ci')])) as Record<Name, string>;
  const copies: Workspace[] = [];
  const atFirst = {} as Record<Name, Record<string, unknown>>;
  let terraform: Workspace;
  /** The plan of the day before any token but one was changed, applied when all were due. */
  let saved: Plan;
  let afterSaved: Record<string, unknown>;
  let refreshedOnly: Plan;
  let withoutRefresh: boolean;
  let due: Plan;
  let byHand: Record<string, unknown>;
  let applied: Run;

  const configuration = (lines: Partial<Record<Name, string>> = {}) =>
    NAMES.map((name) => accountAndToken(accounts[name], { label: name, token: lines[name] ?? TOKENS[name] })).join(
      '\n',
    );
  const address = (name: Name) => addressesOf(accounts[name]).token;
  const described = { early: `${EVERY}\n  description = "x"` };

  async function copy(): Promise<Workspace> {
    const other = await terraform.copy();
    copies.push(other);
    return other;
  }

  before(async function () {
    this.timeout(PATIENCE);
    terraform = await bench().workspace(configuration());
    await terraform.apply();
    for (const name of NAMES) atFirst[name] = await terraform.values(resource(name));
    clock.advance(29 * DAY);
    await terraform.configure(configuration(described));
    saved = await terraform.plan();
    clock.advance(2 * DAY);
    await terraform.applyPlanned();
    afterSaved = await terraform.values(resource('early'));

    withoutRefresh = (await terraform.hasChanges('-refresh=false')).changes;
    refreshedOnly = await terraform.plan('-refresh-only');
    due = await terraform.plan();
    for (const _ of ['late', 'killed', 'flagged']) await copy();
    clock.advance(HOUR);
    const headers = { 'Accredit-Manager': 'terraform' };
    const { status, body, text } = await bench().api.post(`${address('other')}/rotation`, {}, { headers });
    expect(status, text).to.equal(200);
    byHand = body;
    clock.advance(HOUR);
    applied = await terraform.applyPlanned();
  });
  after(async () => {
    for (const other of copies) await other.dispose();
  });

  const revision = async (name: Name) => (await bench().api.get(address(name))).body.revision;

  it('is no part of a plan that was saved before it was due, however late that is applied', async () => {
    expect(saved.changes).to.deep.equal([`${resource('early')}: update`]);
    expect(afterSaved).to.include({ description: 'x', secret: atFirst.early.secret });
  });

  it('is not seen without a refresh, and shown as no change by a refresh alone', () => {
    expect(withoutRefresh).to.equal(false);
    expect(refreshedOnly.changes).to.deep.equal([]);
    expect(refreshedOnly.drifted, 'of that one the status has changed').to.deep.equal([resource('expired')]);
  });

  it('is planned with its reason and what it cuts off', () => {
    const rotating: Name[] = ['early', 'every', 'expired', 'other'];
    expect([due.changes, due.drifted]).to.deep.equal([
      rotating.map((name) => `${resource(name)}: update`),
      [resource('expired')],
    ]);
    const warnings = due.warnings.join('\n');
    for (const name of rotating) {
      expect(warnings).to.include(
        `Due for rotation: ${address(name)} is due since ${atFirst[name].next_rotation_at}, by rotate_`,
      );
    }
    expect(warnings).to.include(`${address('every')}: the secret, never used, stops working at`);
  });

  it('is applied as planned, hours later, and nothing is left to do', async () => {
    const { authorize } = bench();
    const { uid, secret } = await terraform.values(resource('every'));
    expect(uid).to.equal(atFirst.every.uid);
    expect(secret).to.not.equal(atFirst.every.secret);
    for (const each of [atFirst.every.secret, secret]) expect(await authorize(each)).to.equal(200);
    await terraform.assertConverged();
    expect(await revision('every')).to.equal(2);
  });

  it('brings a token that has expired back to life', async () => {
    const { status, secret } = await terraform.values(resource('expired'));
    expect(status).to.equal('active');
    await expectReplaced(bench(), atFirst.expired.secret, secret);
  });

  it('is not repeated when somebody else has rotated since the plan, whose secret Terraform does not have', async () => {
    expect(applied.output).to.include('Rotated by somebody else since the plan was made');
    const { secret, rotated_at } = await terraform.values(resource('other'));
    expect([secret, rotated_at]).to.deep.equal([atFirst.other.secret, byHand.rotated_at]);
    expect(await bench().authorize(byHand.secret)).to.equal(200);
    expect(await revision('other')).to.equal(2);
  });

  it('is made once, whoever applies that plan or starts from that state: all have the one new secret', async () => {
    const [late, killed, flagged] = copies as [Workspace, Workspace, Workspace];
    await late.applyPlanned();
    expect((await killed.plan()).changes, 'the state of the apply was never stored').to.deep.equal([]);
    await killed.applyPlanned();
    await flagged.apply('-refresh-only');
    for (const other of [late, killed, flagged]) {
      for (const name of ['every', 'expired'] as const) {
        const { secret } = await terraform.values(resource(name));
        expect((await other.values(resource(name))).secret, name).to.equal(secret);
      }
      expect((await other.hasChanges()).changes).to.equal(false);
    }
    expect(await revision('every')).to.equal(2);
  });

  it('of a secret that is made elsewhere is left to whoever makes it, and the plan says how', async () => {
    expect(due.warnings.join('\n')).to.match(
      /made elsewhere: .*give it by secret_hash_wo, and change secret_hash_wo_version/,
    );
    expect(await bench().authorize(ONE)).to.equal(200);
    await terraform.configure(configuration({ ...described, elsewhere: madeElsewhere(TWO, 2) }));
    expect((await terraform.plan()).changes).to.deep.equal([`${resource('elsewhere')}: update`]);
    await terraform.applyPlanned();
    clock.advance(DAY);
    await expectReplaced(bench(), ONE, TWO);
    await terraform.assertConverged();
  });

  it('that a refresh has found and the state knows of, is made without another refresh', async () => {
    clock.advance(30 * DAY);
    const { secret } = await terraform.values(resource('every'));
    await terraform.apply('-refresh-only');
    expect((await terraform.plan('-refresh=false')).changes).to.include(`${resource('every')}: update`);
    await terraform.applyPlanned();
    await terraform.assertConverged();
    clock.advance(12 * HOUR);
    await expectReplaced(bench(), secret, (await terraform.values(resource('every'))).secret);
  });

  it('with create_before_destroy leaves one working secret, whatever else makes a new one', async function () {
    this.timeout(PATIENCE);
    const ways = ['triggers', 'taint', 'replace'] as const;
    const names = Object.fromEntries(ways.map((way) => [way, uniqueName('ci')]));
    const first = 'lifecycle {\n    create_before_destroy = true\n  }';
    const blocks = (trigger: string) =>
      ways.map((way) => {
        const triggers = way === 'triggers' ? `rotation_triggers = { v = "${trigger}" }` : '';
        return accountAndToken(names[way] as string, { label: way, token: `${EVERY}\n  ${triggers}\n  ${first}` });
      });
    const replacing = await bench().workspace(blocks('1').join('\n'));
    await replacing.apply();
    const former = new Map((await replacing.resources()).map((one) => [one.address, one.values]));
    clock.advance(31 * DAY);
    await replacing.configure(blocks('2').join('\n'));
    await replacing.taint(resource('taint'));
    const { changes } = await replacing.plan(`-replace=${resource('replace')}`);
    expect(changes).to.deep.equal([
      `${resource('replace')}: replace`,
      `${resource('taint')}: replace`,
      `${resource('triggers')}: update`,
    ]);
    await replacing.applyPlanned();
    clock.advance(12 * HOUR);
    await replacing.assertConverged();
    for (const way of ways) {
      const { secret } = await replacing.values(resource(way));
      await expectReplaced(bench(), former.get(resource(way))?.secret, secret);
      expect((await bench().api.get(addressesOf(names[way] as string).token)).body.previous).to.equal(null);
    }
  });

  it('lets a plan of the refresh alone end with 2 until the state knows of it, though it shows nothing', async () => {
    const once = await bench().workspace(accountAndToken(uniqueName('ci'), { token: EVERY }));
    await once.apply();
    expect((await once.hasChanges('-refresh-only')).changes, 'before').to.equal(false);
    clock.advance(31 * DAY);
    const { changes, drifted, isEmpty } = await once.plan('-refresh-only');
    expect({ changes, drifted, isEmpty }).to.deep.equal({ changes: [], drifted: [], isEmpty: false });
    await once.apply('-refresh-only');
    expect((await once.hasChanges('-refresh-only')).changes, 'once it is stored').to.equal(false);
    await once.apply();
    expect((await once.hasChanges('-refresh-only')).changes, 'after the rotation').to.equal(false);
  });
});
