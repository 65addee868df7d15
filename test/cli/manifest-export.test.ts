/** `export` writes a manifest of what exists, and says what it cannot know. */
import { expect } from 'chai';
import { SHOP } from './manifest-shop.ts';
import { freshStage } from './manifest-stage.ts';

describe('the export of a manifest', () => {
  const { stage, workshop } = freshStage();

  it('fails with 3 and writes nothing where there is no such manifest', async () => {
    await stage().daemon.request.put('/v1/organizations/default/teams/hand').send({}).expect(201);
    for (const words of [[], ['--json']]) {
      const { status, stdout, stderr } = await workshop().accredit(['export', 'nosuch', ...words]);
      expect({ status, stdout }).to.deep.equal({ status: 3, stdout: '' });
      expect(stderr).to.include('organizations/default/manifests/nosuch');
    }
    // What was made by hand gets a manifest of whatever name.
    const unmanaged = await workshop().accredit(['export', 'nosuch', '--unmanaged']);
    expect(unmanaged.status).to.equal(0);
    expect(unmanaged.stdout).to.include('hand');
  });

  it('of what nobody manages leaves out the account that asks for it, with its tokens, and says so', async () => {
    await stage().daemon.request.put('/v1/organizations/default/accounts/hand').send({}).expect(201);
    const { status, stdout, stderr } = await workshop().accredit(['export', 'ours', '--unmanaged', '--json']);
    expect(status).to.equal(0);
    expect(Object.keys(JSON.parse(stdout).accounts)).to.deep.equal(['hand']);
    expect(stderr).to.match(/^note: organizations\/default\/accounts\/root is left out: .*\n$/);
    const file = workshop().write('ours.yaml', stdout);
    expect((await workshop().accredit(['apply', '--yes', '--adopt', file])).status).to.equal(0);
    const without = workshop().write('ours.yaml', '{"manifest": "ours"}');
    expect((await workshop().accredit(['apply', '--yes', without])).status).to.equal(0);
  });

  it('is that of a manifest which declares nothing, if there is one', async () => {
    await stage().daemon.request.put('/v1/organizations/default/manifests/empty').send({}).expect(201);
    const { status, stdout } = await workshop().accredit(['export', 'empty']);
    expect({ status, stdout }).to.deep.equal({ status: 0, stdout: 'manifest: empty\norganization: default\n' });
  });

  it('notes that the daemon does not know where secrets go, if it has tokens, and has no attribute of the daemon', async () => {
    const file = workshop().write('shop.yaml', SHOP);
    expect((await workshop().accredit(['apply', '--yes', file])).status).to.equal(0);
    for (const words of [[], ['--json']]) {
      const { status, stdout, stderr } = await workshop().accredit(['export', 'shop', ...words]);
      expect(status).to.equal(0);
      expect(stderr).to.match(/^note: where secrets go is not known to the daemon: .*"deliver".*\n$/);
      expect(stdout).to.not.match(/deliver|secret|status|uid|managed_by|created_at|valid_until/);
      const again = await workshop().accredit(['validate', workshop().write('again.yaml', stdout)]);
      expect(again).to.include({ status: 0, stderr: '' });
    }
  });
});
