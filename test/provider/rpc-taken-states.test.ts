/** States that the provider takes over and no apply of its own has made: imported, moved, stored by an earlier version. */
import { expect } from 'chai';
import type { Handlers } from '../../terraform-provider/plugin/messages.ts';
import { createHandlers } from '../../terraform-provider/rpc/index.ts';
import { decodeDynamic } from '../../terraform-provider/values/value.ts';
import { ACCOUNT, CONTEXT, TOKEN, texts, typeOf } from './offline-bench.ts';

describe('Without a daemon the provider', () => {
  let handlers: Handlers;
  beforeEach(() => {
    handlers = createHandlers({ environment: {} });
  });

  describe('imports', () => {
    async function imported(type: string, id: string) {
      const answer = await handlers.ImportResourceState!({ type_name: type, id }, CONTEXT);
      const state = answer.imported_resources?.[0]?.state;
      return { errors: texts(answer.diagnostics), state: state && decodeDynamic(typeOf(type), state) };
    }

    it('by address', async () => {
      const { errors, state } = await imported(ACCOUNT, 'organizations/acme/accounts/ci');
      expect(errors).to.deep.equal([]);
      expect(state).to.deep.include({
        id: 'organizations/acme/accounts/ci',
        organization: 'acme',
        name: 'ci',
        force_destroy: false,
        display_name: null,
        uid: null,
      });
    });

    it('nothing that is no address, or that of another kind, and shows the right shape', async () => {
      const shape = `terraform import ${TOKEN}.NAME organizations/ORGANIZATION/accounts/ACCOUNT/tokens/TOKEN`;
      for (const id of ['', 'deploy', '/organizations/a/accounts/b/tokens/c', 'organizations/a/accounts/b/tokens/C']) {
        const said = (await imported(TOKEN, id)).errors[0];
        expect(said, id).to.include(shape);
        // Of all the addresses that there are, only this kind's is of use.
        expect(said, id).not.to.include('token-profiles');
      }
      expect((await imported(TOKEN, 'organizations/a/accounts/b')).errors[0])
        .to.include('the address of a service account, which accredit_service_account stands for')
        .and.to.include(shape);
    });
  });

  it('refuses to move a resource to another type', async () => {
    const answer = await handlers.MoveResourceState!(
      {
        source_provider_address: 'registry.terraform.io/accredit/accredit',
        source_type_name: ACCOUNT,
        source_schema_version: 0,
        target_type_name: TOKEN,
        source_private: new Uint8Array(),
        source_identity_schema_version: 0,
      },
      CONTEXT,
    );
    expect(texts(answer.diagnostics)[0]).to.include('import it under the new type');
  });

  it('takes over a stored state, without write-only values and attributes that are gone', async () => {
    const json = { id: 'organizations/default/accounts/ci/tokens/deploy', secret_hash_wo: 'x', gone: 1, secret: 's' };
    const answer = await handlers.UpgradeResourceState!(
      { type_name: TOKEN, version: 0, raw_state: { json: Buffer.from(JSON.stringify(json)), flatmap: {} } },
      CONTEXT,
    );
    expect(decodeDynamic(typeOf(TOKEN), answer.upgraded_state)).to.include({
      secret_hash_wo: null,
      secret: 's',
      uid: null,
    });
  });
});
