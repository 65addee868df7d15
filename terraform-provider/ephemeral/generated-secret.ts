/** The secret of a token, made here: the daemon is not asked, and learns no more than its hash. */

import { parseAddress } from '../../terraform-provider-spec/address.ts';
import { withArticle } from '../../terraform-provider-spec/article.ts';
import type { SecretKind } from '../../terraform-provider-spec/kind.ts';
import { writtenKind } from '../../terraform-provider-spec/kinds/index.ts';
import { checkSeed, deriveToken } from '../../terraform-provider-spec/seeded-token.ts';
import { mintToken, secretHash } from '../../terraform-provider-spec/token.ts';
import type { Diagnostic } from '../plugin/messages.ts';
import { error, pathTo } from '../rpc/diagnostics.ts';
import { noTokenAddress } from '../rpc/validation.ts';
import type { ValueRecord } from '../values/value.ts';
import type { EphemeralBehaviour } from './behaviour.ts';

export const generatedSecret: EphemeralBehaviour = {
  invalid: (config) => [...noTokenAddress(config.address), ...invalidPurpose(config), ...invalidSeed(config)],

  async open({ config }) {
    const address = String(config.address);
    const kind = writtenKind(parseAddress(address).kind, config.purpose) as SecretKind;
    const secret =
      typeof config.seed === 'string'
        ? deriveToken(config.seed, { kind, address, version: String(config.version) })
        : mintToken(kind);
    return { values: { secret, secret_hash: secretHash(secret) } };
  },
};

function invalidPurpose({ address, purpose }: ValueRecord): Diagnostic[] {
  if (typeof address !== 'string' || purpose !== 'scim') return [];
  const { kind } = parseAddress(address);
  if (kind.token === undefined || kind.attributes.purpose !== undefined) return [];
  const detail = `The purpose of ${withArticle(kind.title)} is not chosen: only account tokens have one.`;
  return [error('Invalid value', `purpose: ${detail}`, pathTo('purpose'))];
}

function invalidSeed({ seed, version }: ValueRecord): Diagnostic[] {
  if (typeof seed !== 'string') return [];
  const wrong = checkSeed(seed);
  return [
    ...(wrong === undefined ? [] : [error('Invalid value', `seed: ${wrong}.`, pathTo('seed'))]),
    ...(version === null
      ? [error('A seed needs a version', 'Give a version: the secret is changed by changing it.', pathTo('version'))]
      : []),
  ];
}
