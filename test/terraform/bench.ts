/** A daemon and Terraform workspaces for a suite, and HCL for any kind, made from its description and examples. */
import { expect } from 'chai';
import { resourceSchema, terraformType } from '../../terraform-provider-spec/derive/terraform.ts';
import type { Json, JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { lineage } from '../../terraform-provider-spec/kinds/index.ts';
import { Api } from '../contract/api.ts';
import { type FakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { requireTerraform, Workspace, type WorkspaceOptions } from '../support/terraform.ts';

export interface Bench {
  readonly daemon: TestDaemon;
  /** Speaks to the daemon as the owner, past Terraform. */
  readonly api: Api;
  /** An initialised workspace, which is removed after the test. */
  workspace(configuration: string, options?: Partial<WorkspaceOptions>): Promise<Workspace>;
  /** The status with which the daemon answers whoever presents this secret. */
  authorize(secret: unknown): Promise<number>;
}

/** Gives the suite around it a daemon; `bench()` is there once its tests run. */
export function useTerraform(clock?: FakeClock): () => Bench {
  let bench: Bench | undefined;
  let daemon: TestDaemon | undefined;
  const workspaces: Workspace[] = [];
  before(async function () {
    requireTerraform(this);
    const started = await startTestDaemon({ clock });
    daemon = started;
    const api = new Api(started.url, started.adminToken);
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
    this.currentTest?.timeout(180_000);
  });
  afterEach(async () => {
    for (const workspace of workspaces.splice(0)) await workspace.dispose();
  });
  after(() => daemon?.close());
  return () => {
    if (bench === undefined) throw new Error('the bench is there only while tests run');
    return bench;
  };
}

export const TOKEN = 'accredit_service_account_token.it';
export const ACCOUNT = 'accredit_service_account.it';

/** An account and a token of it; `account` and `token` are lines for the two blocks. */
export function accountAndToken(name: string, { account = '', token = '' } = {}): string {
  return `
resource "accredit_service_account" "it" {
  name = "${name}"
  ${account}
}

resource "accredit_service_account_token" "it" {
  account = accredit_service_account.it.name
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

/**
 * The Terraform block of a resource, with the blocks of its parents in front of it. The names along its address are
 * `names`; `body` is an API body, as in the examples of the kind.
 */
export function resourceBlocks(kind: Kind, names: Readonly<Record<string, string>>, body: JsonObject): string {
  const [parents, [last]] = [lineage(kind).slice(0, -1), lineage(kind).slice(-1)] as [Kind[], [Kind]];
  const blocks = parents.map((parent) => block(parent, names, parent.examples.full));
  return [...blocks, block(last, names, body)].join('\n');
}

/** How Terraform names the resource that `resourceBlocks` declares for `kind`. */
export function resourceAddress(kind: Kind): string {
  return `${terraformType(kind)}.it`;
}

function block(kind: Kind, names: Readonly<Record<string, string>>, body: JsonObject): string {
  const lines = resourceSchema(kind).attributes.flatMap(({ name, source }) => {
    if (source.from === 'name') {
      const parent = lineage(kind).find(({ parameter }) => parameter === source.parameter) as Kind;
      const value = source.own ? JSON.stringify(names[source.parameter]) : `${resourceAddress(parent)}.name`;
      return [`  ${name} = ${value}`];
    }
    if (source.from === 'triggers') {
      const marker = body[source.attribute] ?? null;
      return marker === null ? [] : [`  ${name} = { marker = ${hcl(marker)} }`];
    }
    if (source.from !== 'api' || (body[source.attribute] ?? null) === null) return [];
    return [`  ${name} = ${hcl(body[source.attribute] as Json)}`];
  });
  return `resource "${terraformType(kind)}" "it" {\n${lines.join('\n')}\n}\n`;
}

/** JSON is HCL, but for the beginnings of templates. */
function hcl(value: Json): string {
  return JSON.stringify(value).replaceAll('${', '$${').replaceAll('%{', '%%{');
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
