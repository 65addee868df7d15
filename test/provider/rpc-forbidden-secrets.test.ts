/** A provider that is told so lets no secret into the state. */
import { expect } from 'chai';
import type { Handlers } from '../../terraform-provider/plugin/messages.ts';
import { createHandlers } from '../../terraform-provider/rpc/index.ts';
import { PROVIDER_TYPE } from '../../terraform-provider/rpc/settings.ts';
import { encodeDynamic, UNKNOWN, type ValueRecord } from '../../terraform-provider/values/value.ts';
import { RESOURCE_SCHEMAS } from '../../terraform-provider-spec/derive/terraform.ts';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { ACCOUNT, CONTEXT, TOKEN, texts, typeOf, validateResource } from './offline-bench.ts';

describe('Without a daemon the provider', () => {
  let handlers: Handlers;
  beforeEach(() => {
    handlers = createHandlers({ environment: {} });
  });

  const validate = (type: string, given: ValueRecord) => validateResource(handlers, type, given);

  const token = { account: 'ci', name: 'deploy' };
  const hash = `sha256:${'0'.repeat(64)}`;

  describe('that must keep secrets out of the state', () => {
    const said = 'secret_hash_wo: The provider is configured with forbid_secrets_in_state.';

    it('refuses a token whose secret the daemon would make, in validation and plan', async () => {
      handlers = createHandlers({ environment: { ACCREDIT_FORBID_SECRETS_IN_STATE: 'true' } });
      expect((await validate(TOKEN, token))[0]).to.match(new RegExp(`^${said}`));
      const config = encodeDynamic(typeOf(TOKEN), token);
      const { diagnostics } = await handlers.PlanResourceChange!(
        { type_name: TOKEN, proposed_new_state: config, config, prior_private: new Uint8Array() },
        CONTEXT,
      );
      expect(texts(diagnostics)[0]).to.match(new RegExp(`^${said}`));
    });

    it('takes one whose secret the caller made, or may turn out to have made', async () => {
      handlers = createHandlers({ environment: { ACCREDIT_FORBID_SECRETS_IN_STATE: '1' } });
      expect(await validate(TOKEN, { ...token, secret_hash_wo: hash })).to.deep.equal([]);
      expect(await validate(TOKEN, { ...token, secret_hash_wo: UNKNOWN })).to.deep.equal([]);
      expect(await validate(TOKEN, { ...token, secret_wo: mintToken('sa') })).to.deep.equal([]);
      expect(await validate(TOKEN, { ...token, secret_wo: UNKNOWN })).to.deep.equal([]);
      expect(await validate(ACCOUNT, { name: 'a' })).to.deep.equal([]);
    });

    it('of whatever resource there is: exactly those that hold a secret are refused', async () => {
      handlers = createHandlers({ environment: { ACCREDIT_FORBID_SECRETS_IN_STATE: 'true' } });
      for (const [type, { attributes }] of RESOURCE_SCHEMAS) {
        const stored = attributes.filter((one) => one.sensitive && !one.writeOnly).map(({ name }) => name);
        const required = Object.fromEntries(attributes.filter((one) => one.required).map(({ name }) => [name, 'x']));
        const refused = (await validate(type, required)).filter((text) => text.includes('forbid_secrets_in_state'));
        expect(refused, type).to.have.length(stored.length);
        expect(stored, type).to.deep.equal(stored.length === 0 ? [] : ['secret']);
      }
    });

    it('reads it from the provider block too', async () => {
      const config = encodeDynamic(PROVIDER_TYPE, { forbid_secrets_in_state: true });
      await handlers.ValidateProviderConfig!({ config }, CONTEXT);
      expect(await validate(TOKEN, token)).to.have.length(1);
    });
  });
});
