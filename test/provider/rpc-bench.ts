/** A provider process in front of a daemon, and the few things that every test does with them. */
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Diagnostic } from '../../terraform-provider/plugin/messages.ts';
import {
  type CtyType,
  decodeDynamic,
  encodeDynamic,
  type Value,
  type ValueRecord,
} from '../../terraform-provider/values/value.ts';
import { objectType, RESOURCE_SCHEMAS, type TerraformSchema } from '../../terraform-provider-spec/derive/terraform.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type FakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { DiagnosticsError, type ResourceState, TerraformCore } from './core/terraform-core.ts';
import { type LossyProxy, startProxy } from './rpc-proxy.ts';

export const ORGANIZATION = 'accredit_organization';
export const ACCOUNT = 'accredit_service_account';
export const TOKEN = 'accredit_service_account_token';

const MAIN = fileURLToPath(new URL('../../terraform-provider/main.ts', import.meta.url));
/** Starts the provider as it lies here. */
export const PROVIDER_COMMAND = [process.execPath, '--import', 'tsx', MAIN];
const CAPABLE = { deferral_allowed: false, write_only_attributes_allowed: true };

export class Bench {
  readonly daemon: TestDaemon;
  readonly proxy: LossyProxy;
  readonly core: TerraformCore;
  /** Every secret that was tried. */
  readonly secrets = new Set<string>();
  /** Another number for each test, so that no two meet at one address. */
  count = 0;
  #callers = 0;

  private constructor(daemon: TestDaemon, proxy: LossyProxy, core: TerraformCore) {
    this.daemon = daemon;
    this.proxy = proxy;
    this.core = core;
  }

  /** Starts one, whose daemon goes by `clock` if one is given. */
  static async start(clock?: FakeClock): Promise<Bench> {
    const daemon = await startTestDaemon({ clock });
    const proxy = await startProxy(daemon.url);
    const core = await TerraformCore.launch({
      command: PROVIDER_COMMAND,
      env: { TF_LOG_PROVIDER: 'trace' },
    });
    return new Bench(daemon, proxy, core);
  }

  async stop(): Promise<void> {
    await this.core.shutdown();
    await this.proxy.close();
    await this.daemon.close();
  }

  /** Before each test: the first owner's token, and names of its own. */
  async reset(): Promise<void> {
    this.count += 1;
    await this.configure();
  }

  async configure(given: ValueRecord = {}): Promise<void> {
    await this.core.configure({ endpoint: this.proxy.url, token: this.daemon.adminToken, ...given });
  }

  get account(): string {
    return `ci-${this.count}`;
  }

  get accountAddress(): string {
    return `organizations/default/accounts/${this.account}`;
  }

  get tokenAddress(): string {
    return `${this.accountAddress}/tokens/deploy`;
  }

  tokenConfig(given: ValueRecord = {}): ValueRecord {
    return { account: this.account, name: 'deploy', ...given };
  }

  /** PUT as the first owner, past Terraform, of something in an organization. */
  async put(address: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<JsonObject> {
    const answer = await this.daemon.request.put(`/v1/${address}`).set(headers).send(body);
    expect(answer.status, answer.text).to.be.oneOf([200, 201]);
    return answer.body;
  }

  /** DELETE as the first owner, past Terraform, whoever manages it. */
  async delete(address: string): Promise<void> {
    await this.daemon.request.delete(`/v1/${address}`).set('Accredit-Adopt', 'true').expect(204);
  }

  /** The secret of a token of a new account in that organization. */
  async callerWith(account: object, organization = 'organizations/default'): Promise<string> {
    this.#callers += 1;
    const address = `${organization}/accounts/caller-${this.#callers}`;
    await this.put(address, account);
    return String((await this.put(`${address}/tokens/main`, {})).secret);
  }

  makeAccount(): Promise<ResourceState> {
    return this.core.converge(ACCOUNT, undefined, { name: this.account });
  }

  async planAndApply(type: string, prior: ResourceState | undefined, config: ValueRecord | null) {
    return this.core.apply(type, prior, config, await this.core.plan(type, prior, config));
  }

  /** ApplyResourceChange of a creation without the plan that Terraform makes right before it. */
  async createAsPlanned(type: string, config: ValueRecord, planned: Value): Promise<ResourceState> {
    const { state, diagnostics } = await this.applyAsPlanned(type, undefined, config, planned);
    expect(summaries(diagnostics)).to.deep.equal([]);
    return state;
  }

  /** ApplyResourceChange without a plan right before it, with its diagnostics, errors or not. */
  async applyAsPlanned(type: string, prior: ResourceState | undefined, config: ValueRecord, planned: Value) {
    const answer = await this.core.call('ApplyResourceChange', {
      type_name: type,
      prior_state: encodeDynamic(typeOf(type), prior?.value ?? null),
      planned_state: encodeDynamic(typeOf(type), planned),
      config: encodeDynamic(typeOf(type), config),
      planned_private: prior?.private ?? new Uint8Array(),
    });
    const value = decodeDynamic(typeOf(type), answer.new_state);
    return { state: { value, private: answer.private ?? new Uint8Array() }, diagnostics: answer.diagnostics ?? [] };
  }

  /** Whether the secret opens the daemon. */
  async opens(secret: unknown): Promise<boolean> {
    this.secrets.add(String(secret));
    const { status } = await this.daemon.as(String(secret)).get('/v1/self');
    return status === 200;
  }

  /** ReadResource with its diagnostics, errors or not. */
  async read(type: string, state: ResourceState) {
    const answer = await this.core.call('ReadResource', {
      type_name: type,
      current_state: encodeDynamic(typeOf(type), state.value),
      private: state.private,
      client_capabilities: CAPABLE,
    });
    const value = decodeDynamic(typeOf(type), answer.new_state);
    return { state: { value, private: answer.private ?? new Uint8Array() }, diagnostics: answer.diagnostics ?? [] };
  }
}

export function values(state: ResourceState): ValueRecord {
  return state.value as ValueRecord;
}

/** The attribute that each diagnostic is about, with its summary: `state: It is revoked`. */
export function placed(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ summary, attribute }) => `${attribute?.steps[0]?.attribute_name ?? ''}: ${summary}`);
}

export function summaries(diagnostics: Diagnostic[]): string[] {
  return diagnostics.map(({ summary }) => summary);
}

/** The diagnostics by which the provider refused; throws when it did not. */
export async function refusal(promise: Promise<unknown>): Promise<DiagnosticsError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DiagnosticsError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

function typeOf(type: string): CtyType {
  return objectType((RESOURCE_SCHEMAS.get(type) as TerraformSchema).attributes);
}
