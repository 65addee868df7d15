/** The guide "Rotation without downtime", carried out as it stands. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { fakeClock } from '../support/daemon.ts';
import type { Workspace } from '../support/terraform.ts';
import { useTerraform } from './bench.ts';
import { guideFiles, UNATTENDED } from './guides.ts';

const file = guideFiles('rotation-without-downtime');
const DAY = 24 * 60 * 60 * 1000;
const token = (label: string) => `accredit_service_account_token.${label}`;

describe('the guide to rotation without downtime', () => {
  const clock = fakeClock();
  const bench = useTerraform(clock);
  let terraform: Workspace;

  /** The secret that the configuration handed on last. */
  async function delivered(name: string): Promise<string> {
    return (await readFile(join(terraform.directory, `${name}.token`), 'utf8')).trim();
  }

  async function expectWorking(secrets: Readonly<Record<string, boolean>>): Promise<void> {
    for (const [secret, works] of Object.entries(secrets)) {
      expect(await bench().authorize(secret)).to.equal(works ? 200 : 401);
    }
  }

  before(async () => {
    const files = ['token.tf', 'delivery.tf', 'schedule.tf', 'single-consumer.tf', 'replacement.tf'];
    terraform = await bench().workspace(file(...files), { environment: UNATTENDED });
    await terraform.apply();
    await terraform.assertConverged();
  });

  it('rotates by another trigger, hands the new secret on, and leaves the old one working for the overlap', async () => {
    const former = await delivered('worker');
    const cron = (await terraform.values(token('cron'))).secret;
    const { output } = await terraform.script(file('rotate.sh'));
    expect(output).to.include('1 added, 2 changed, 1 destroyed');
    expect(output, 'the plan says when the former one ends').to.include('stops working at 2030-01-03T00:00:00Z');
    const present = await delivered('worker');
    expect((await terraform.values(token('worker'))).secret)
      .to.equal(present)
      .and.not.equal(former);
    await expectWorking({ [former]: true, [present]: true });

    const next = String((await terraform.values(token('cron'))).secret);
    expect(next).to.not.equal(cron);
    await expectWorking({ [String(cron)]: true });
    await expectWorking({ [next]: true });
    await expectWorking({ [String(cron)]: false, [next]: true });

    clock.advance(2 * DAY);
    await expectWorking({ [former]: false, [present]: true });
    terraform.setEnvironment({ TF_VAR_quarter: '2027-Q2' });
    await terraform.assertConverged();
  });

  it('replaces with the new secret handed on before the old one ends', async () => {
    const former = await delivered('report');
    const { output } = await terraform.script(file('replace.sh'));
    const handedOn = output.search(/terraform_data\.report: Creation complete/);
    const ended = output.search(/accredit_service_account_token\.report \(deposed object \w+\): Destroying/);
    expect(handedOn).to.be.above(-1).and.below(ended);
    await expectWorking({ [former]: false, [await delivered('report')]: true });
  });

  it('rotates on a schedule once it is due, with the reason, and leaves the old secret working', async () => {
    const former = await terraform.values(token('batch'));
    expect(former.next_rotation_at).to.equal('2030-03-11T00:00:00Z');
    await terraform.assertConverged();
    clock.advance(70 * DAY);
    const { changes, warnings } = await terraform.plan();
    expect(changes).to.deep.equal([`${token('batch')}: update`]);
    expect(warnings.join()).to.include('Due for rotation').and.include('rotate_before_expiry = "21d"');
    await terraform.applyPlanned();
    await terraform.assertConverged();
    const present = await terraform.values(token('batch'));
    await expectWorking({ [String(former.secret)]: true, [String(present.secret)]: true });
    clock.advance(7 * DAY);
    await expectWorking({ [String(former.secret)]: false, [String(present.secret)]: true });
  });
});
