/**
 * A token of a service account for the time of one walk. It is made under a name of its own, so that no live token is ever
 * touched; belongs to no manager, since no configuration declares it; and ends by itself should nobody close it.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Client } from '../../client/client.ts';
import { ApiError, ConnectionError } from '../../client/errors.ts';
import { formatAddress, parentOf } from '../../terraform-provider-spec/address.ts';
import { LONGEST_LIFE, OPENED_LABEL } from '../../terraform-provider-spec/ephemeral-resources/token.ts';
import { durationMs } from '../../terraform-provider-spec/formats.ts';
import type { JsonObject, ValueType } from '../../terraform-provider-spec/kind.ts';
import { serviceAccount } from '../../terraform-provider-spec/kinds/service-account.ts';
import { serviceAccountToken } from '../../terraform-provider-spec/kinds/service-account-token.ts';
import { log } from '../plugin/log.ts';
import { error, pathTo } from '../rpc/diagnostics.ts';
import { toApi } from '../rpc/mapping.ts';
import { UNKNOWN, type ValueRecord } from '../values/value.ts';
import { type EphemeralBehaviour, type Held, NotYet, Refused } from './behaviour.ts';
import { clientOf } from './client.ts';

/** Long enough for a busy daemon. Terraform waits for it at the end of every walk. Milliseconds. */
const CLOSING_DEADLINE = 10_000;
const RENEWAL_DEADLINE = 30_000;
const NAME = /^ephemeral-[0-9a-f]{24}$/;

/** What Terraform keeps of one. No secret: it may come to see the light in a crash report. */
interface Remembered {
  readonly address: string;
  readonly claim: string;
  readonly body: JsonObject;
  readonly openedAt: number;
}

export const token: EphemeralBehaviour = {
  invalid({ expires_in: life }) {
    if (typeof life !== 'string' || durationMs(life) <= durationMs(LONGEST_LIFE)) return [];
    const detail = `It is prolonged while Terraform runs, so it need not be longer than ${LONGEST_LIFE}.`;
    return [error('Invalid value', `expires_in: must be at most "${LONGEST_LIFE}". ${detail}`, pathTo('expires_in'))];
  },

  async open({ session, config, signal, hold }) {
    const client = clientOf(session);
    if (config.organization === UNKNOWN) throw new NotYet('the organization is not known yet');
    await requireAccount(client, config, signal);
    const name = `ephemeral-${randomBytes(12).toString('hex')}`;
    const names = { organization: String(config.organization), account: String(config.account), token: name };
    const remembered: Remembered = {
      address: formatAddress(serviceAccountToken, names),
      claim: randomUUID(),
      body: bodyOf(config),
      openedAt: session.now(),
    };
    hold({ ...remembered });
    const { secret, valid_until } = await make(client, remembered, signal);
    return {
      values: { name, secret: String(secret), valid_until: String(valid_until) },
      renewAt: session.now() + lifeIn(remembered) / 2,
    };
  },

  async renew({ session, private: kept }, signal) {
    const client = clientOf(session);
    const remembered = kept as unknown as Remembered;
    const { address, body, openedAt } = remembered;
    const life = lifeIn(remembered);
    // The duration counts from the making, by whatever clock the daemon has.
    const seconds = Math.ceil((session.now() - openedAt + life) / 1000);
    const renewAt = session.now() + life / 2;
    try {
      await client.put(
        address,
        { ...body, expires_in: `${seconds}s` },
        { ifMatch: '*', manager: null, deadline: Math.min(life / 4, RENEWAL_DEADLINE), signal },
      );
      session.notProlonged.delete(address);
      return { renewAt };
    } catch (cause) {
      if (cause instanceof Error) session.notProlonged.set(address, cause.message);
      // No answer may be followed by one in time; a refusal would be repeated.
      if (cause instanceof ConnectionError) return { renewAt: session.now() + life / 8 };
      throw cause;
    }
  },

  async close(held) {
    const { address } = held.private as unknown as Remembered;
    const problem = held.session.notProlonged.get(address);
    held.session.notProlonged.delete(address);
    await remove(clientOf(held.session), held);
    return problem === undefined ? [] : [`It could not be prolonged, and may have ended too early: ${problem}`];
  },
};

/** Throws `Refused` when the account is not the one that was meant. */
async function requireAccount(client: Client, config: ValueRecord, signal: AbortSignal): Promise<void> {
  const { organization, account, account_uid: uid } = config;
  if (typeof uid !== 'string') return;
  const names = { organization: String(organization), account: String(account) };
  const address = formatAddress(serviceAccount, names);
  try {
    const { resource } = await client.get(address, { signal });
    if (resource.uid === uid) return;
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.code !== 'not-found') throw cause;
    throw noAccount(address);
  }
  const detail = `${address} is another account than the one with this uid: it was deleted and made anew.`;
  throw new Refused(error('Another account has that name', detail, pathTo('account_uid')));
}

function noAccount(address: string): Refused {
  return new Refused(
    error(
      'No such service account',
      `There is no ${address}, or the provider's token cannot see it. If this configuration is to make it, give its uid as ` +
        'account_uid: the token is then opened when the account is there.',
      pathTo('account'),
    ),
  );
}

async function make(client: Client, { address, claim, body }: Remembered, signal: AbortSignal): Promise<JsonObject> {
  try {
    const options = { claim, onlyCreate: true, manager: null, signal } as const;
    return (await client.put(address, body, options)).resource;
  } catch (cause) {
    throw cause instanceof ApiError && cause.code === 'not-found' ? noAccount(parentOf(address)) : cause;
  }
}

/** Deletes the token whatever Terraform has asked the provider to stop: nobody asks a second time. */
async function remove(client: Client, { private: kept }: Held): Promise<void> {
  const { address, claim } = kept as unknown as Remembered;
  const options = { revoke: true, manager: null, deadline: CLOSING_DEADLINE } as const;
  try {
    await client.delete(address, { ...options, claim });
  } catch (cause) {
    // Its account is gone, or out of sight: either way there is no more to be done.
    if (!(cause instanceof ApiError) || cause.code !== 'not-found') throw cause;
  }
  await clearExpired(client, parentOf(address), options);
}

/** What earlier walks could not close is expired and of no use to anybody, and would fill the account's list. */
async function clearExpired(
  client: Client,
  account: string,
  options: { revoke: true; manager: null; deadline: number },
): Promise<void> {
  const labels = [`${OPENED_LABEL.key}:${OPENED_LABEL.value}`];
  try {
    for await (const left of client.list(`${account}/tokens`, { labels, filters: { status: 'expired' }, ...options })) {
      if (!NAME.test(String(left.name)) || left.managed_by !== null) continue;
      await client.delete(String(left.address), { ...options, claim: String(left.claim) });
    }
  } catch (cause) {
    if (!(cause instanceof ApiError) && !(cause instanceof ConnectionError)) throw cause;
    log.debug('could not clear away expired tokens', { account, error: cause });
  }
}

function bodyOf(config: ValueRecord): JsonObject {
  const { attributes } = serviceAccountToken;
  const given = Object.fromEntries(
    ['expires_in', 'permissions', 'allowed_cidrs', 'profile']
      .filter((name) => (config[name] ?? null) !== null)
      .map((name) => [name, toApi(attributes[name] as ValueType, config[name] ?? null)]),
  );
  return {
    ...given,
    description: config.description === null ? 'Opened by Terraform for one run' : String(config.description),
    labels: { ...(config.labels as JsonObject), [OPENED_LABEL.key]: OPENED_LABEL.value },
  };
}

function lifeIn({ body }: Remembered): number {
  return durationMs(String(body.expires_in));
}
