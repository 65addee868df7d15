/** A daemon and Terraform workspaces for a suite. */
import { expect } from 'chai';
import { OwnersApi } from '../contract/owners-api.ts';
import { type FakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { requireTerraform, Workspace, type WorkspaceOptions } from '../support/terraform.ts';

export interface Bench {
  readonly daemon: TestDaemon;
  /** Speaks to the daemon past Terraform, as the owner, and for a personal token as the user it belongs to. */
  readonly api: OwnersApi;
  /** An initialised workspace, which is removed after the suite. */
  workspace(configuration: string, options?: Partial<WorkspaceOptions>): Promise<Workspace>;
  /** The status with which the daemon answers whoever presents this secret. */
  authorize(secret: unknown): Promise<number>;
}

/** How long a test or hook with a few Terraform commands may take on a busy machine, in milliseconds. */
export const PATIENCE = 180_000;

/** Gives the suite around it a daemon; `bench()` is there once its tests run. */
export function useTerraform(clock?: FakeClock): () => Bench {
  let bench: Bench | undefined;
  let daemon: TestDaemon | undefined;
  const workspaces: Workspace[] = [];
  before(async function () {
    requireTerraform(this);
    const started = await startTestDaemon({ clock });
    daemon = started;
    const api = new OwnersApi(started.url, started.adminToken);
    bench = {
      daemon: started,
      api,
      async workspace(configuration, options = {}) {
        const workspace = await Workspace.create(configuration, {
          endpoint: started.url,
          token: started.adminToken,
          ...options,
        });
        workspaces.push(workspace);
        return workspace;
      },
      authorize: (secret) => api.authorize(String(secret)),
    };
  });
  beforeEach(function () {
    this.currentTest?.timeout(PATIENCE);
  });
  after(async () => {
    for (const workspace of workspaces) await workspace.dispose();
    await daemon?.close();
  });
  return () => {
    if (bench === undefined) throw new Error('the bench is there only while tests run');
    return bench;
  };
}

export const TOKEN = 'accredit_service_account_token.it';
export const ACCOUNT = 'accredit_service_account.it';

/**
 * An account and a token of it; `account` and `token` are lines for the two blocks, and `label` what tells these from
 * others of the same configuration.
 */
export function accountAndToken(name: string, { account = '', token = '', label = 'it' } = {}): string {
  return `
resource "accredit_service_account" "${label}" {
  name = "${name}"
  ${account}
}

resource "accredit_service_account_token" "${label}" {
  account = accredit_service_account.${label}.name
  name    = "main"
  ${token}
}
`;
}

/** The address of the account and of the token that `accountAndToken` declares. */
export function addressesOf(name: string): { account: string; token: string } {
  const account = `organizations/default/accounts/${name}`;
  return { account, token: `${account}/tokens/main` };
}

/** Asserts that of two secrets the former is dead and the present one works, and that they differ. */
export async function expectReplaced({ authorize }: Bench, former: unknown, present: unknown): Promise<void> {
  expect(present)
    .to.be.a('string')
    .that.matches(/^acr_sa_/);
  expect(present).to.not.equal(former);
  expect(await authorize(former), 'the former secret').to.equal(401);
  expect(await authorize(present), 'the present secret').to.equal(200);
}
