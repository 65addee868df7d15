/**
 * Records what the provider of this tree leaves in a state, once for each release: run after `npm run build:provider` as
 * `node --import tsx test/provider/states/record.ts test/provider/states/SCHEMA_VERSION/RELEASE.json`. A recorded file is never changed.
 */
import { writeFileSync } from 'node:fs';
import { KINDS } from '../../../terraform-provider-spec/kinds/index.ts';
import { OwnersApi } from '../../contract/owners-api.ts';
import { startTestDaemon } from '../../support/daemon.ts';
import { Workspace } from '../../support/terraform.ts';
import { blocksOf } from '../../terraform/blocks.ts';

const [, , target = 'state.json'] = process.argv;
const daemon = await startTestDaemon();
const names = Object.fromEntries(KINDS.map(({ parameter }) => [parameter, `the-${parameter}`]));
try {
  const resources = [
    ...(await stateOf(
      KINDS.filter(({ token }) => !token?.selfService),
      daemon.adminToken,
    )),
    ...(await personalTokens()),
  ];
  const unique = new Map(resources.map((one) => [one.type, one]));
  writeFileSync(target, `${JSON.stringify([...unique.values()], null, 2)}\n`);
} finally {
  await daemon.close();
}

async function stateOf(subjects: typeof KINDS, token: string, given: typeof KINDS = []) {
  const blocks = blocksOf({ subjects, names, given });
  const configuration = blocks.map((one) => one.hcl(({ examples }) => examples.full)).join('\n');
  const terraform = await Workspace.create(configuration, { endpoint: daemon.url, token });
  try {
    await terraform.apply();
    const { resources } = JSON.parse(await terraform.rawState()) as { resources: Stored[] };
    return resources
      .filter(({ name }) => name === 'it')
      .map(({ type, instances: [instance] }) => ({ type, ...withoutSecret(instance as Stored['instances'][0]) }));
  } finally {
    await terraform.dispose();
  }
}

interface Stored {
  readonly type: string;
  readonly name: string;
  readonly instances: readonly { schema_version: number; attributes: Record<string, unknown>; private?: string }[];
}

function withoutSecret({ schema_version, attributes, private: flags }: Stored['instances'][0]) {
  const kept = Object.entries(attributes).map(([name, value]) => [
    name,
    name === 'secret' && value ? 'a secret' : value,
  ]);
  return { schema_version, attributes: Object.fromEntries(kept), ...(flags === undefined ? {} : { private: flags }) };
}

/** Only the user that they belong to makes them. */
async function personalTokens() {
  const personal = KINDS.filter(({ token }) => token?.selfService);
  const api = new OwnersApi(daemon.url, daemon.adminToken);
  await api.put('organizations/the-organization', {});
  await api.put('organizations/the-organization/users/the-user', { grants: [{ role: 'owner' }] });
  const made = await api.put('organizations/the-organization/users/the-user/tokens/own', {});
  const given = KINDS.filter(({ kind }) => kind === 'organization' || kind === 'user');
  return stateOf(personal, String(made.body.secret), given);
}
