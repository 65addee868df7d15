/** What docs/scim.md tells people to paste works when it is pasted, and what it says then is so. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { readText } from '../architecture/sources.ts';
import { Api } from '../contract/api.ts';
import { ownBlocks } from '../support/command-blocks.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { done, made, refused, resourcesIn, Scim } from './http-tenant.ts';

const DOCUMENT = readText('docs/scim.md');
const ORGANIZATION = 'organizations/default';

describe('docs/scim.md', () => {
  const own = ownBlocks('test/scim/http-document.test.ts');
  let daemon: TestDaemon;
  let api: Api;
  let answers: JsonObject[];
  before(async () => {
    daemon = await startTestDaemon();
    api = new Api(daemon.url, daemon.adminToken);
    const script = own.takeAll().join('');
    const { code, output } = await bash(script.replaceAll('curl -s', 'curl -fw "\\n" -s'), {
      api: `${daemon.url}/v1`,
      auth: `Authorization: Bearer ${daemon.adminToken}`,
      json: 'Content-Type: application/json',
    });
    expect(code, output).to.equal(0);
    answers = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  });
  after(() => daemon.close());

  it('shows commands that make a token for SCIM, which begins as it says', () => {
    expect(answers.map(({ kind }) => kind)).to.deep.equal(['role', 'service_account', 'service_account_token']);
    const [, prefix = ''] = /the secret, which begins with `(\w+)`/.exec(DOCUMENT) ?? [];
    expect(prefix).to.not.equal('');
    expect(String(answers[2]?.secret).startsWith(prefix)).to.equal(true);
  });

  it('gives that token all that an identity provider does, and nothing beside', async () => {
    const scim = new Scim(daemon.url, String(answers[2]?.secret));
    expect(DOCUMENT).to.include('`https://your-daemon/scim/v2`');
    const names = /`(\S+@\S+)` becomes `(\S+)`, the next one `(\S+)`/.exec(DOCUMENT)?.slice(1) ?? [];
    const [userName = '', name, next] = names;
    const user = made(await scim.post('Users', { userName }));
    made(await scim.post('Users', { userName: userName.replace('.com', '.org') }));
    expect((await api.get(`${ORGANIZATION}/users/${name}`)).body.uid).to.equal(user.id);
    expect((await api.get(`${ORGANIZATION}/users/${next}`)).status).to.equal(200);
    const group = made(await scim.post('Groups', { displayName: 'Sales', members: [{ value: String(user.id) }] }));
    done(await scim.patch(`Users/${user.id}`, [{ op: 'replace', path: 'active', value: false }]));
    done(await scim.patch(`Users/${user.id}`, [{ op: 'replace', path: 'active', value: true }]));
    expect(resourcesIn(await scim.list('Groups'))).to.have.length(1);
    expect((await scim.delete(`Groups/${group.id}`)).status).to.equal(204);
    expect((await scim.delete(`Users/${user.id}`)).status).to.equal(204);
    const { status } = await api.as(scim.token).get(`${ORGANIZATION}/users/${next}`);
    expect(status).to.equal(403);
    refused(await new Scim(daemon.url, daemon.adminToken).list('Users'), 403);
  });

  it('names every filter, method and endpoint that there is, as far as it names any', async () => {
    const scim = new Scim(daemon.url, String(answers[2]?.secret));
    const [, filters = ''] = /list with filters \(`eq` on ([\s\S]*?),\s+joined by `and`\)/.exec(DOCUMENT) ?? [];
    const attributes = [...filters.matchAll(/`([\w.]+)`/g)].map(([, name]) => name);
    expect(attributes).to.have.length(6);
    for (const name of attributes) {
      const path = name === 'displayName' ? ['Users', 'Groups'] : ['Users'];
      const value = name === 'active' ? 'true' : '"nobody"';
      for (const each of path) done(await scim.list(each, { filter: `${name} eq ${value} and id eq "nobody"` }));
    }
    for (const [, endpoint = ''] of DOCUMENT.matchAll(/`(ServiceProviderConfig|Schemas|ResourceTypes)`/g)) {
      done(await scim.get(endpoint));
    }
  });
});

async function bash(
  script: string,
  variables: Readonly<Record<string, string>>,
): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-euo', 'pipefail'], {
    env: { ...process.env, ...variables },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdin.end(script);
  await once(child, 'close');
  return { code: child.exitCode, output };
}
