/** What ephemeral resources leave behind, however a run of Terraform ends. */
import { expect } from 'chai';
import { uniqueName } from '../contract/bench.ts';
import { fakeClock } from '../support/daemon.ts';
import { useTerraform } from './bench.ts';
import { HangingProxy } from './hanging.ts';

const MINUTE = 60_000;
const clock = fakeClock();

describe('an ephemeral token in Terraform', () => {
  const bench = useTerraform(clock);
  const proxies: HangingProxy[] = [];

  after(async () => {
    for (const proxy of proxies) await proxy.close();
  });

  /** A configuration that opens a token of an account that is there, and with it makes another account. */
  async function opening(life = '10m') {
    const { api, daemon, workspace } = bench();
    const [holder, made] = [uniqueName('holder'), uniqueName('made')];
    const account = `organizations/default/accounts/${holder}`;
    await api.put(account, { grants: [{ role: 'admin' }] });
    const proxy = await HangingProxy.start(daemon.url);
    proxies.push(proxy);
    const configuration = `
ephemeral "accredit_token" "it" {
  account    = "${holder}"
  expires_in = "${life}"
}

provider "accredit" {
  alias = "narrow"
  token = ephemeral.accredit_token.it.secret
}

resource "accredit_service_account" "it" {
  provider = accredit.narrow
  name     = "${made}"
}
`;
    const terraform = await workspace(configuration, { endpoint: proxy.url });
    const tokens = async () =>
      (await api.all(`${account}/tokens`)) as { name: string; status: string; valid_until: string }[];
    /** How often tokens of the account were created and deleted. */
    const events = async () => {
      const { body } = await daemon.request.get('/v1/organizations/default/audit-events?limit=1000').expect(200);
      const outcomes = (body.items as { address: string; outcome: string }[])
        .filter(({ address }) => address.startsWith(`${account}/tokens/`))
        .map(({ outcome }) => outcome);
      return {
        created: outcomes.filter((outcome) => outcome === 'created').length,
        deleted: outcomes.filter((outcome) => outcome === 'deleted').length,
      };
    };
    return { proxy, terraform, tokens, events, madePath: `/v1/organizations/default/accounts/${made}` };
  }

  it('is opened once for each plan and each apply, works there, and is gone behind each', async () => {
    const { terraform, tokens, events } = await opening();
    await terraform.run(['validate']);
    expect(await events()).to.deep.equal({ created: 0, deleted: 0 });
    await terraform.plan();
    expect(await events()).to.deep.equal({ created: 1, deleted: 1 });
    await terraform.applyPlanned();
    expect(await events()).to.deep.equal({ created: 2, deleted: 2 });
    await terraform.assertConverged();
    expect(await tokens()).to.deep.equal([]);
    const state = await terraform.rawState();
    expect(state).to.not.include('acr_').and.to.not.include('ephemeral-');
    await terraform.destroy();
    expect(await tokens()).to.deep.equal([]);
  });

  it('is prolonged while Terraform waits for something else', async () => {
    const { proxy, terraform, tokens, madePath } = await opening('2s');
    const stuck = proxy.stuckAt('PUT', madePath);
    const running = terraform.start(['apply', '-auto-approve', '-no-color']);
    await stuck;
    const [opened] = await tokens();
    await proxy.answered('PUT');
    const [prolonged] = await tokens();
    expect(prolonged?.name).to.equal(opened?.name);
    expect(Date.parse(prolonged?.valid_until ?? '')).to.be.above(Date.parse(opened?.valid_until ?? ''));
    running.signal('SIGINT', 'group');
    await running.ended;
    expect(await tokens()).to.deep.equal([]);
  });

  it('is opened by the apply that makes the token of its provider', async () => {
    const { api, workspace } = bench();
    const name = uniqueName('opener');
    const terraform = await workspace(`
resource "accredit_service_account" "it" {
  name   = "${name}"
  grants = [{ role = "admin" }]
}

resource "accredit_service_account_token" "it" {
  account = accredit_service_account.it.name
  name    = "main"
}

provider "accredit" {
  alias = "made"
  token = accredit_service_account_token.it.secret
}

ephemeral "accredit_token" "it" {
  provider    = accredit.made
  account     = "${name}"
  account_uid = accredit_service_account.it.uid
}

resource "terraform_data" "it" {
  provisioner "local-exec" {
    command = "expr $SECRET : acr_sa_"

    environment = {
      SECRET = ephemeral.accredit_token.it.secret
    }
  }
}
`);
    await terraform.plan();
    const { output } = await terraform.applyPlanned();
    expect(output).to.include('output suppressed').and.to.not.include('acr_');
    const tokens = (await api.all(`organizations/default/accounts/${name}/tokens`)) as { name: string }[];
    expect(tokens.map((token) => token.name)).to.deep.equal(['main']);
  });

  it('is closed when somebody presses Ctrl-C', async () => {
    const { proxy, terraform, tokens, madePath } = await opening();
    const stuck = proxy.stuckAt('PUT', madePath);
    const running = terraform.start(['apply', '-auto-approve', '-no-color']);
    await stuck;
    expect(await tokens()).to.have.length(1);
    running.signal('SIGINT', 'group');
    const { exitCode, output } = await running.ended;
    expect(exitCode).to.equal(1);
    expect(output).to.include('Interrupted');
    expect(await tokens()).to.deep.equal([]);
  });

  it('is closed by the provider when Terraform is killed', async () => {
    const { proxy, terraform, tokens, madePath } = await opening();
    const stuck = proxy.stuckAt('PUT', madePath);
    const running = terraform.start(['apply', '-auto-approve', '-no-color']);
    await stuck;
    const closed = proxy.answered('DELETE');
    running.signal('SIGKILL', 'terraform');
    await closed;
    expect(await tokens()).to.deep.equal([]);
    await running.ended;
  });

  it('ends by itself when everything is killed, and the next run clears it away', async () => {
    const { proxy, terraform, tokens, madePath } = await opening();
    const stuck = proxy.stuckAt('PUT', madePath);
    const running = terraform.start(['apply', '-auto-approve', '-no-color']);
    await stuck;
    running.signal('SIGKILL', 'group');
    await running.ended;
    expect((await tokens()).map(({ status }) => status)).to.deep.equal(['active']);
    clock.advance(10 * MINUTE);
    expect((await tokens()).map(({ status }) => status)).to.deep.equal(['expired']);
    await terraform.plan('-lock=false');
    expect(await tokens()).to.deep.equal([]);
  });
});
