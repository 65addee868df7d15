/** Where the provider has its settings from, and what it says about those that make no sense. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Handlers, SEVERITY } from '../../terraform-provider/plugin/messages.ts';
import { createHandlers } from '../../terraform-provider/rpc/index.ts';
import { PROVIDER_TYPE } from '../../terraform-provider/rpc/settings.ts';
import { decodeDynamic, encodeDynamic, UNKNOWN, type ValueRecord } from '../../terraform-provider/values/value.ts';
import {
  DATA_SOURCE_SCHEMAS,
  objectType,
  type TerraformSchema,
} from '../../terraform-provider-spec/derive/terraform.ts';
import { ACCOUNT, CONTEXT, texts, typeOf } from './offline-bench.ts';

describe('Without a daemon the provider', () => {
  let handlers: Handlers;
  beforeEach(() => {
    handlers = createHandlers({ environment: {} });
  });

  describe('is configured', () => {
    let directory: string;
    before(() => {
      directory = mkdtempSync(join(tmpdir(), 'accredit-settings-'));
    });
    after(() => rmSync(directory, { recursive: true }));

    async function configure(block: ValueRecord | null, environment: Record<string, string> = {}): Promise<string[]> {
      handlers = createHandlers({ environment });
      const config = encodeDynamic(PROVIDER_TYPE, block);
      const answer = await handlers.ConfigureProvider!({ terraform_version: '1.11.4', config }, CONTEXT);
      return texts(answer.diagnostics);
    }

    it('only with an endpoint and a token, and says how to give them', async () => {
      expect(await configure({})).to.deep.equal([
        'endpoint: Give endpoint in the provider block, or set ACCREDIT_ENDPOINT, or ACCREDIT_ENDPOINT_FILE to a file that holds it.',
        'token: Give token in the provider block, or set ACCREDIT_TOKEN, or ACCREDIT_TOKEN_FILE to a file that holds it.',
      ]);
    });

    it('from the environment, and from files that it names', async () => {
      const file = join(directory, 'token');
      writeFileSync(file, 'acr_sa_x\n');
      const environment = { ACCREDIT_ENDPOINT: 'http://127.0.0.1:1', ACCREDIT_TOKEN_FILE: file };
      expect(await configure(null, environment)).to.deep.equal([]);
      expect((await configure({}, { ...environment, ACCREDIT_TOKEN: 'x' }))[0]).to.match(
        /^token: Both ACCREDIT_TOKEN and/,
      );
      expect((await configure({}, { ...environment, ACCREDIT_TOKEN_FILE: `${file}.none` }))[0]).to.match(
        /^token: ACCREDIT_TOKEN_FILE names .*token\.none, which cannot be read/,
      );
    });

    it('with nothing that makes no sense', async () => {
      const good = { endpoint: 'https://accredit.example.com', token: 'acr_sa_x' };
      expect(await configure(good)).to.deep.equal([]);
      expect((await configure({ ...good, endpoint: 'accredit.example.com' }))[0]).to.match(
        /^endpoint: the endpoint is no URL/,
      );
      for (const endpoint of ['https://accredit.example.com/v1', 'https://accredit.example.com/below/v1/']) {
        expect((await configure({ ...good, endpoint }))[0]).to.match(/^endpoint: the endpoint ends before the \/v1/);
      }
      expect((await configure({ ...good, token: '' }))[0]).to.match(/^token: It is empty/);
      expect((await configure({ ...good, organization: 'No Org' }))[0]).to.match(/^organization: "No Org" is no name/);
      expect((await configure({ ...good, ca_certificate_file: join(directory, 'none.pem') }))[0]).to.match(
        /^ca_certificate_file: ca_certificate_file names .*none\.pem, which cannot be read/,
      );
      expect((await configure(good, { ACCREDIT_FORBID_SECRETS_IN_STATE: 'maybe' }))[0]).to.match(
        /^forbid_secrets_in_state: ACCREDIT_FORBID_SECRETS_IN_STATE must be/,
      );
    });

    it('naming the variable in which what makes no sense is', async () => {
      const file = join(directory, 'spaced');
      writeFileSync(file, 'acr_sa_x acr_sa_y');
      const environment = {
        ACCREDIT_ENDPOINT: '127.0.0.1:7345',
        ACCREDIT_TOKEN_FILE: file,
        ACCREDIT_MANAGER: 'two words',
        ACCREDIT_ORGANIZATION: 'No Org',
      };
      const said = (await configure(null, environment)).map((text) => text.slice(0, text.indexOf(':', 20)));
      expect(said).to.deep.equal([
        'endpoint: In ACCREDIT_ENDPOINT',
        'token: In ACCREDIT_TOKEN_FILE',
        'manager: In ACCREDIT_MANAGER',
        'organization: In ACCREDIT_ORGANIZATION',
      ]);
      expect((await configure({ manager: 'ci' }, environment)).join()).not.to.include('ACCREDIT_MANAGER');
    });

    it('by values with white space around them, as they come out of files', async () => {
      const padded = { endpoint: ' http://127.0.0.1:1\n', token: 'acr_sa_x\n', manager: ' ci\n' };
      expect(await configure(padded)).to.deep.equal([]);
      expect(await configure({}, { ACCREDIT_ENDPOINT: 'http://127.0.0.1:1\n', ACCREDIT_TOKEN: 'x\n' })).to.deep.equal(
        [],
      );
      expect((await configure({ ...padded, token: ' \n' }))[0]).to.match(/^token: It is empty/);
    });

    it('with nothing that no header can carry, and repeats no token', async () => {
      const good = { endpoint: 'http://127.0.0.1:1', token: 'acr_sa_x' };
      const spaced = await configure({ ...good, token: 'acr_sa_x\nacr_sa_y' });
      expect(spaced[0])
        .to.match(/^token: It holds white space/)
        .and.not.include('acr_sa_y');
      for (const manager of ['two words', '团队', 'x'.repeat(129)]) {
        expect((await configure({ ...good, manager }))[0]).to.match(/^manager: It must be 1 to 128 of A-Z/);
      }
      const file = join(directory, 'none.crt');
      writeFileSync(file, 'no certificate');
      expect((await configure({ ...good, ca_certificate_file: file }))[0]).to.match(
        /^ca_certificate_file: ca_certificate_file names .*none\.crt, which holds no certificate in PEM/,
      );
    });

    it('with a warning when the token would travel in the clear', async () => {
      const config = encodeDynamic(PROVIDER_TYPE, { endpoint: 'http://accredit.example.com', token: 'acr_sa_x' });
      const { diagnostics } = await handlers.ConfigureProvider!({ terraform_version: '1.11.4', config }, CONTEXT);
      expect(diagnostics).to.have.length(1);
      expect(diagnostics?.[0]).to.include({ severity: SEVERITY.warning, summary: 'The token travels in the clear' });
    });

    it('and plans although all of its configuration is unknown, but reads nothing', async () => {
      const unknown = Object.fromEntries(
        ['endpoint', 'token', 'organization', 'manager'].map((name) => [name, UNKNOWN]),
      );
      expect(await configure(unknown)).to.deep.equal([]);
      const type = typeOf(ACCOUNT);
      const config = encodeDynamic(type, { name: 'ci' });
      const plan = await handlers.PlanResourceChange!(
        { type_name: ACCOUNT, proposed_new_state: config, config, prior_private: new Uint8Array() },
        CONTEXT,
      );
      expect(plan.diagnostics).to.deep.equal([]);
      expect(decodeDynamic(type, plan.planned_state)).to.include({ id: UNKNOWN, organization: UNKNOWN, name: 'ci' });

      const state = encodeDynamic(type, { id: 'organizations/default/accounts/ci', name: 'ci' });
      const read = await handlers.ReadResource!(
        { type_name: ACCOUNT, current_state: state, private: new Uint8Array() },
        CONTEXT,
      );
      expect(read.diagnostics ?? []).to.deep.equal([]);
      expect(read.new_state).to.deep.equal(state);

      const data = await handlers.ReadDataSource!(
        {
          type_name: ACCOUNT,
          config: encodeDynamic(objectType((DATA_SOURCE_SCHEMAS.get(ACCOUNT) as TerraformSchema).attributes), {
            name: 'ci',
          }),
        },
        CONTEXT,
      );
      expect(texts(data.diagnostics)[0]).to.include('depends on something that is known only after an apply');
    });
  });
});
