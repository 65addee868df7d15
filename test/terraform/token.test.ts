/** What Terraform can do with a token in place: rotate, prolong, revoke, restore, and leave its secret out of the state. */
import { expect } from 'chai';
import { mintToken, tokenHash } from '../../terraform-provider-spec/token.ts';
import { uniqueName } from '../contract/bench.ts';
import { fakeClock } from '../support/daemon.ts';
import type { Workspace } from '../support/terraform.ts';
import { accountAndToken, addressesOf, PATIENCE, useTerraform } from './bench.ts';

const HOUR = 3_600_000;
const clock = fakeClock();
const END = new Date(clock.now() + 48 * HOUR).toISOString().replace('.000Z', 'Z');
const [ONE, TWO] = [mintToken('sa'), mintToken('sa')];

/** The lines of a token whose secret is made elsewhere. */
function madeElsewhere(secret: string, version: number): string {
  return `secret_hash_wo = "sha256:${tokenHash(secret)}"\n  secret_hash_wo_version = "${version}"`;
}

/** What became of a token with one more configuration. */
interface Step {
  /** Its attributes in the state. */
  readonly values: Record<string, unknown>;
  /** Of the secrets so far, those that work. */
  readonly working: readonly unknown[];
}

/** One token, and the lines that its block holds one after the other. */
interface Story {
  readonly lines: readonly string[];
  /** The steps that change nothing, by their index. */
  readonly idle?: readonly number[];
  /** Secrets that Terraform never knows. */
  readonly secrets?: readonly string[];
}

const STORIES = {
  triggers: {
    lines: [
      'rotation_triggers = { month = "01" }',
      'rotation_triggers = { month = "02" }',
      'rotation_triggers = { month = "02" }\n  description = "same"',
    ],
  },
  comeAndGo: {
    lines: [
      'rotation_triggers = { month = "01" }',
      '',
      'rotation_triggers = { month = "03" }',
      'rotation_triggers = { month = "04" }',
    ],
  },
  overlap: {
    lines: ['overlap = "2h"\n  rotation_triggers = { n = "1" }', 'overlap = "2h"\n  rotation_triggers = { n = "2" }'],
  },
  lifetime: { lines: ['expires_in = "24h"', 'expires_in = "240h"', '', `expires_at = "${END}"`] },
  revoked: { lines: ['', 'state = "revoked"', 'state = "active"'] },
  elsewhere: {
    lines: [
      madeElsewhere(ONE, 1),
      madeElsewhere(TWO, 1),
      `${madeElsewhere(TWO, 1)}\n  description = "another"`,
      `${madeElsewhere(TWO, 2)}\n  description = "another"`,
    ],
    idle: [1],
    secrets: [ONE, TWO],
  },
} as const satisfies Readonly<Record<string, Story>>;

type Name = keyof typeof STORIES;
const NAMES = Object.keys(STORIES) as Name[];
const LONGEST = Math.max(...NAMES.map((name) => STORIES[name].lines.length));

describe('a token in Terraform', () => {
  const bench = useTerraform(clock);
  let terraform: Workspace;

  /** The steps of each story. They are walked together: one configuration holds the present lines of all tokens. */
  const told = Object.fromEntries(NAMES.map((name) => [name, []])) as unknown as Record<Name, Step[]>;
  const accounts = Object.fromEntries(NAMES.map((name) => [name, uniqueName('ci')]));
  const resource = (name: Name): string => `accredit_service_account_token.${name}`;

  /** Applies the lines of one step, which must change those tokens that have some, in place and nothing else. */
  async function walk(step: number): Promise<void> {
    const blocks = NAMES.map((name) => {
      const { lines } = STORIES[name];
      const token = lines[Math.min(step, lines.length - 1)];
      return accountAndToken(accounts[name] as string, { label: name, token });
    });
    await terraform.configure(blocks.join('\n'));
    const { changes } = await terraform.plan();
    const changing = NAMES.filter((name) => {
      const { lines, idle = [] }: Story = STORIES[name];
      return step < lines.length && !idle.includes(step);
    });
    if (step > 0) expect(changes).to.deep.equal(changing.map((name) => `${resource(name)}: update`).sort());
    await terraform.applyPlanned();
    await terraform.assertConverged();
    for (const name of NAMES) if (step < STORIES[name].lines.length) told[name].push(await look(name));
  }

  async function look(name: Name): Promise<Step> {
    const values = await terraform.values(resource(name));
    const { secrets = [] }: Story = STORIES[name];
    const known = new Set([...told[name].map((step) => step.values.secret), values.secret, ...secrets]);
    const working: unknown[] = [];
    for (const secret of known) if ((await bench().authorize(secret)) === 200) working.push(secret);
    return { values, working };
  }

  before(async function () {
    this.timeout(PATIENCE);
    terraform = await bench().workspace('');
    for (let step = 0; step < LONGEST; step += 1) await walk(step);
  });

  /** The steps of a story that has three. */
  const steps = (name: Name) => told[name] as [Step, Step, Step, ...Step[]];

  it('rotates in place when its triggers change, and at no other time', () => {
    const [first, second, third] = steps('triggers');
    expect(first.working).to.deep.equal([first.values.secret]);
    expect(second.values.uid).to.equal(first.values.uid);
    expect(second.values.secret).to.not.equal(first.values.secret);
    expect(second.working).to.deep.equal([second.values.secret]);
    expect(third.values.secret).to.equal(second.values.secret);
    expect(third.values.rotated_at).to.equal(second.values.rotated_at);
  });

  it('keeps its secret when triggers are taken away or come for the first time, and rotates when they change', () => {
    const [first, without, again, changed] = steps('comeAndGo');
    for (const { values } of [without, again]) expect(values.secret).to.equal(first.values.secret);
    expect(again.working).to.deep.equal([first.values.secret]);
    expect(changed?.values.secret).to.not.equal(first.values.secret);
    expect(changed?.working).to.deep.equal([changed?.values.secret]);
  });

  it('rotated with an overlap, keeps both secrets working until the overlap ends', async () => {
    const { authorize } = bench();
    const [first, second] = steps('overlap');
    expect(second.working).to.deep.equal([first.values.secret, second.values.secret]);
    clock.advance(3 * HOUR);
    expect(await authorize(first.values.secret)).to.equal(401);
    expect(await authorize(second.values.secret)).to.equal(200);
    await terraform.assertConverged();
  });

  it('changes its lifetime in place, with the same secret', () => {
    const [first, longer, endless, fixed] = steps('lifetime');
    const { uid, secret, rotated_at, valid_until } = first.values;
    for (const { values, working } of [longer, endless, fixed as Step]) {
      expect(values).to.include({ uid, secret, rotated_at });
      expect(working).to.deep.equal([secret]);
    }
    expect(Date.parse(String(longer.values.valid_until)) - Date.parse(String(valid_until))).to.equal(216 * HOUR);
    expect(endless.values.valid_until).to.equal(null);
    expect(fixed?.values.valid_until).to.equal(END);
  });

  it('is revoked and restored as declared, with the same secret', () => {
    const [first, revoked, restored] = steps('revoked');
    const { uid, secret } = first.values;
    expect(revoked.values).to.include({ status: 'revoked', uid });
    expect(revoked.working).to.be.empty;
    expect(restored.values).to.include({ status: 'active', uid, secret });
    expect(restored.working).to.deep.equal([secret]);
  });

  it('with a secret made elsewhere, keeps secret and hash out of the state, and rotates with the version', async () => {
    const all = steps('elsewhere');
    for (const { values } of all) {
      expect(values).to.include({ secret: null, secret_hash_wo: null, uid: all[0].values.uid });
    }
    expect(all.map(({ working }) => working)).to.deep.equal([[ONE], [ONE], [ONE], [TWO]]);
    const state = await terraform.rawState();
    for (const secret of [ONE, TWO, tokenHash(ONE), tokenHash(TWO), bench().daemon.adminToken]) {
      expect(state.includes(secret)).to.equal(false);
    }
  });

  it('an invalid attribute is an error of the plan that names file and line', async () => {
    const { api, workspace } = bench();
    const attempts: [string, string][] = [
      ['expires_in = "0s"', 'expires_in = "0s"'],
      ['expires_in = "1d"\n  expires_at = "2090-01-01T00:00:00Z"', 'expires_'],
      ['allowed_cidrs = ["10.0.0.0/33"]', 'allowed_cidrs'],
      ['state = "gone"', 'state = "gone"'],
      ['permissions = ["everything"]', 'permissions'],
    ];
    const name = uniqueName('ci');
    const invalid = attempts.map(([token], index) => accountAndToken(name, { label: `wrong_${index}`, token }));
    const text = await (await workspace(invalid.join('\n'))).diagnostic(['plan']);
    for (const [, named] of attempts) expect(text).to.include(named);
    expect(text.match(/on main\.tf line \d+/g)).to.have.length(attempts.length);
    expect((await api.get(addressesOf(name).account)).status).to.equal(404);
  });

  it('what the daemon refuses is an error that names the attribute', async () => {
    const { workspace } = bench();
    const name = uniqueName('ci');
    const refused = await workspace(accountAndToken(name, { account: 'grants = [{ role = "no-such-role" }]' }));
    const text = await refused.diagnostic(['apply', '-auto-approve']);
    expect(text)
      .to.include('no-such-role')
      .and.match(/on main\.tf line \d+/);
    expect(await refused.resources()).to.be.empty;
  });
});
