/** The provider's handlers in this process, in front of a real daemon, under one clock. */
import { expect } from 'chai';
import type { ClientOptions } from '../../client/client.ts';
import type { Diagnostic, Handlers, OpenEphemeralResourceResponse } from '../../terraform-provider/plugin/messages.ts';
import { createHandlers } from '../../terraform-provider/rpc/index.ts';
import { PROVIDER_TYPE } from '../../terraform-provider/rpc/settings.ts';
import { decodeDynamic, encodeDynamic, type ValueRecord } from '../../terraform-provider/values/value.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type FakeClock, fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { assertApplied } from './core/compatible.ts';
import { assertPlanValid } from './core/plan-valid.ts';
import { schemaType } from './core/schema.ts';

export const GENERATED = 'accredit_generated_secret';
export const OPENED = 'accredit_token';
export const JWT = 'accredit_access_token';

/** What was opened, as Terraform has it. */
export interface Opened {
  readonly values: ValueRecord;
  readonly private: Uint8Array | undefined;
  /** Milliseconds since 1970. */
  readonly renewAt: number | undefined;
}

export class EphemeralBench {
  readonly daemon: TestDaemon;
  readonly clock: FakeClock;
  handlers: Handlers = createHandlers({ environment: {} });

  private constructor(daemon: TestDaemon, clock: FakeClock) {
    this.daemon = daemon;
    this.clock = clock;
  }

  static async start(): Promise<EphemeralBench> {
    const clock = fakeClock();
    return new EphemeralBench(await startTestDaemon({ clock }), clock);
  }

  /** A provider that is configured as the first owner's, or as given. */
  async configure(block: ValueRecord = {}, client: Partial<ClientOptions> = {}): Promise<void> {
    this.handlers = createHandlers({ environment: {}, client, now: this.clock.now });
    const given = { endpoint: this.daemon.url, token: this.daemon.adminToken, ...block };
    const config = encodeDynamic(PROVIDER_TYPE, given);
    const answer = await this.handlers.ConfigureProvider!({ terraform_version: '1.11.4', config }, this.context());
    expect(answer.diagnostics).to.deep.equal([]);
  }

  /** Opens, and holds the result to what Terraform demands of it in an apply. */
  async open(type: string, given: ValueRecord): Promise<Opened> {
    const opened = await this.plan(type, given);
    const { schema, cty } = await this.schemaOf(type);
    assertApplied(schema, cty, opened.values, opened.values);
    return opened;
  }

  /** Opens, and holds the result to what Terraform demands of it in a plan. */
  async plan(type: string, given: ValueRecord): Promise<Opened> {
    const { schema, cty } = await this.schemaOf(type);
    const { answer, config } = await this.tryToOpen(type, given);
    expect(texts(answer.diagnostics)).to.deep.equal([]);
    const result = decodeDynamic(cty, answer.result);
    assertPlanValid(schema, cty, null, config, result);
    const renewAt = answer.renew_at && answer.renew_at.seconds * 1000 + answer.renew_at.nanos / 1e6;
    return { values: result as ValueRecord, private: answer.private, renewAt };
  }

  /** The diagnostics with which an opening is refused. */
  async refused(type: string, given: ValueRecord): Promise<string[]> {
    const { answer } = await this.tryToOpen(type, given);
    expect(answer.result, 'it was opened').to.equal(undefined);
    return texts(answer.diagnostics);
  }

  async tryToOpen(type: string, given: ValueRecord, signal = new AbortController().signal) {
    const { cty } = await this.schemaOf(type);
    const config = decodeDynamic(cty, encodeDynamic(cty, given));
    const request = { type_name: type, config: encodeDynamic(cty, config) };
    const answer: OpenEphemeralResourceResponse = await this.handlers.OpenEphemeralResource!(request, { signal });
    return { answer, config };
  }

  async validate(type: string, given: ValueRecord): Promise<string[]> {
    const config = encodeDynamic((await this.schemaOf(type)).cty, given);
    const answer = await this.handlers.ValidateEphemeralResourceConfig!({ type_name: type, config }, this.context());
    return texts(answer.diagnostics);
  }

  async renew(type: string, opened: Opened) {
    return this.handlers.RenewEphemeralResource!({ type_name: type, private: opened.private! }, this.context());
  }

  /** The diagnostics of closing. */
  async close(type: string, opened: Opened): Promise<Diagnostic[]> {
    const request = { type_name: type, private: opened.private! };
    return (await this.handlers.CloseEphemeralResource!(request, this.context())).diagnostics ?? [];
  }

  /** PUT as the first owner, past the provider. */
  async put(address: string, body: object): Promise<JsonObject> {
    const answer = await this.daemon.request.put(`/v1/${address}`).send(body);
    expect(answer.status, answer.text).to.be.oneOf([200, 201]);
    return answer.body;
  }

  /** The names of the tokens of an account. */
  async tokensOf(account: string): Promise<string[]> {
    const { body } = await this.daemon.request.get(`/v1/${account}/tokens`).expect(200);
    return (body.items as { name: string }[]).map(({ name }) => name).sort();
  }

  /** Whether the secret opens the daemon. */
  async opens(secret: unknown): Promise<boolean> {
    return (await this.daemon.as(String(secret)).get('/v1/self')).status === 200;
  }

  private async schemaOf(type: string) {
    const { ephemeral_resource_schemas: schemas } = await this.handlers.GetProviderSchema!({}, this.context());
    const schema = schemas?.[type];
    if (schema === undefined) throw new Error(`There is no ephemeral resource ${type}.`);
    return { schema, cty: schemaType(schema) };
  }

  context() {
    return { signal: new AbortController().signal };
  }
}

/** Each as `attribute: detail`. */
export function texts(diagnostics: readonly Diagnostic[] = []): string[] {
  return diagnostics.map(({ attribute, summary, detail }) => {
    const name = attribute?.steps[0]?.attribute_name ?? '';
    return `${name}: ${summary}: ${detail}`;
  });
}
