/** The functions of the provider, which Terraform calls before it configures anything. */
import { expect } from 'chai';
import { createHandlers } from '../../terraform-provider/rpc/index.ts';
import { type CtyType, decodeDynamic, encodeDynamic, type Value } from '../../terraform-provider/values/value.ts';
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import { terraformType } from '../../terraform-provider-spec/derive/terraform.ts';
import { PROVIDER_FUNCTIONS } from '../../terraform-provider-spec/functions/index.ts';
import { KINDS, lineage } from '../../terraform-provider-spec/kinds/index.ts';
import { mintToken, SECRET_KINDS, secretHash } from '../../terraform-provider-spec/token.ts';

const CONTEXT = { signal: new AbortController().signal };
const handlers = createHandlers({ environment: {} });

async function call(
  name: string,
  ...values: string[]
): Promise<{ result?: Value; error?: [number | undefined, string] }> {
  const answer = await handlers.CallFunction!(
    { name, arguments: values.map((value) => encodeDynamic('string', value)) },
    CONTEXT,
  );
  if (answer.error !== undefined) return { error: [answer.error.function_argument, answer.error.text] };
  const described = PROVIDER_FUNCTIONS.find((each) => each.name === name);
  return { result: decodeDynamic(described?.returns as CtyType, answer.result) };
}

describe('The functions of the provider', () => {
  it('are in the schema with names, types and descriptions', async () => {
    const { functions = {} } = await handlers.GetProviderSchema!({}, CONTEXT);
    expect(Object.keys(functions)).to.have.members(PROVIDER_FUNCTIONS.map(({ name }) => name));
    for (const { parameters = [], variadic_parameter: variadic, summary, description } of Object.values(functions)) {
      for (const text of [
        summary,
        description,
        ...[...parameters, variadic].flatMap((each) => each?.description ?? []),
      ]) {
        expect(text).to.match(/\S/);
      }
    }
    expect(functions.address?.variadic_parameter?.name).to.equal('names');
  });

  it('token_hash gives the hash that the daemon takes', async () => {
    const token = mintToken('sa');
    expect(await call('token_hash', token)).to.deep.equal({ result: secretHash(token) });
  });

  it('token_parse says of a token what it is, and holds none of it', async () => {
    for (const kind of SECRET_KINDS) {
      const token = mintToken(kind);
      const { result } = await call('token_parse', token);
      expect(result).to.deep.include({ kind, secret_hash: secretHash(token) });
      expect(JSON.stringify(result)).to.not.include(token.slice(-46));
    }
    const typeFor = async (kind: (typeof SECRET_KINDS)[number]) =>
      ((await call('token_parse', mintToken(kind))).result as { resource_type: Value }).resource_type;
    expect(await Promise.all(SECRET_KINDS.map(typeFor))).to.deep.equal([
      'accredit_service_account_token',
      'accredit_app_token',
      'accredit_personal_access_token',
      'accredit_service_account_token',
      null,
    ]);
  });

  it('both refuse what is no well-formed token, at the argument, and repeat nothing of it', async () => {
    const token = mintToken('sa');
    for (const name of ['token_hash', 'token_parse']) {
      for (const wrong of ['', 'hunter2', `${token}\n`, token.slice(0, -1), token.replace('_sa_', '_app_')]) {
        const { error = [] } = await call(name, wrong);
        expect(error[0], wrong).to.equal(0);
        expect(error[1]).to.match(/^It is no well-formed token/);
        if (wrong !== '') expect(error[1]).to.not.include(wrong.trim());
      }
    }
  });

  it('address makes the address of every kind, named as kind or as resource type', async () => {
    for (const kind of KINDS) {
      const parameters = lineage(kind).map(({ parameter }) => parameter);
      const names = parameters.map((parameter) => `a-${parameter}`);
      const expected = formatAddress(
        kind,
        Object.fromEntries(parameters.map((each, index) => [each, names[index] as string])),
      );
      for (const given of [kind.kind, terraformType(kind)]) {
        expect(await call('address', given, ...names)).to.deep.equal({ result: expected });
      }
    }
  });

  it('address says which argument is wrong, and what it should be', async () => {
    const refused = async (...values: string[]) => (await call('address', ...values)).error;
    expect(await refused('service_acount', 'default', 'ci')).to.deep.equal([
      0,
      'There is no such kind; did you mean "service_account"?',
    ]);
    expect((await refused('bucket', 'x'))?.[1]).to.include('the kinds are organization, project,');
    expect(await refused('service_account', 'default')).to.deep.equal([
      0,
      'The address of a service account takes 2 names (organization, account), not 1',
    ]);
    expect((await refused('service_account_token', 'default'))?.[1]).to.match(
      /^The address of an account token takes 3 names/,
    );
    expect((await refused('service_account', 'default', 'ci', 'deploy'))?.[0]).to.equal(3);
    const [index, text] = (await refused('service_account_token', 'default', 'CI', 'deploy')) ?? [];
    expect(index).to.equal(2);
    expect(text).to.include('is no name for the account');
  });

  it('none ends what it says with a full stop, since Terraform adds one', async () => {
    for (const [name, ...values] of [
      ['token_hash', 'x'],
      ['address', 'bucket', 'x'],
      ['address', 'service_account', 'default'],
      ['address', 'service_account', 'default', 'CI'],
    ] as const) {
      expect((await call(name, ...values)).error?.[1]).to.match(/[^.]$/);
    }
  });

  it('one that does not exist is an error and no crash', async () => {
    expect((await call('token_forge', 'x')).error?.[1]).to.include('no function token_forge');
  });
});
