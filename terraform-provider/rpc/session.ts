import { Client, type ClientOptions, type Self } from '../../client/client.ts';
import { UNKNOWN, type Unknown, type Value } from '../values/value.ts';
import { ADVICE_DEADLINE } from './destruction.ts';
import { Openings } from './held.ts';
import { Reads } from './reads.ts';
import { type Environment, readCertificates, readSettings, type Settings } from './settings.ts';

/** What the handlers share. Everything here is replaced in tests, and nothing of it in use. */
export interface SessionOptions {
  readonly environment?: Environment;
  /** Added to what the client is made with: a clock, a transport, a deadline. */
  readonly client?: Partial<ClientOptions>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const SELF_LIFETIME = 5_000;

/** What one provider process knows: its configuration, once Terraform has sent it, and what it has been asked about. */
export class Session {
  readonly environment: Environment;
  readonly now: () => number;
  /** What is open. */
  readonly openings = new Openings();
  /** Why an opened token could not be prolonged, by its address: Terraform shows only what its closing says. */
  readonly notProlonged = new Map<string, string>();
  /**
   * The addresses that are in the state, with the claims of their instances: what is there is no surprise to the plan of
   * a replacement.
   */
  readonly inState = new Map<string, Set<Value>>();
  /** The addresses that were found to be gone: so is what was below them. */
  readonly gone = new Set<string>();
  readonly #takenUp = new Set<string>();
  readonly #protected = new Map<string, Set<Value>>();
  readonly #ending = new Set<string>();
  readonly #clientOptions: Partial<ClientOptions>;
  #settings: Settings;
  #client: Client | undefined;
  #reads: { readonly client: Client; readonly reads: Reads; readonly looks: Reads } | undefined;
  #self: { answer: Promise<Self>; until: number } | undefined;

  constructor({ environment = process.env, client = {}, now = Date.now }: SessionOptions = {}) {
    this.environment = environment;
    this.now = now;
    this.#clientOptions = client;
    // Validation may come without the provider block. What is wrong here is said when the provider is configured.
    this.#settings = readSettings(undefined, environment).settings;
  }

  /** The client; `undefined` while a setting that it needs is unknown, which is possible in a plan only. */
  get client(): Client | undefined {
    return this.#client;
  }

  /** The token that the client authenticates with; `undefined` when there is no client. */
  get token(): string | undefined {
    return this.#client === undefined ? undefined : (this.#settings.token as string);
  }

  /** The organization of resources that name none. */
  get organization(): string | Unknown {
    return (this.#settings.organization as string | Unknown | undefined) ?? UNKNOWN;
  }

  /** The name under which this configuration owns what it declares, as far as it is known. */
  get manager(): string | undefined {
    return typeof this.#settings.manager === 'string' ? this.#settings.manager : undefined;
  }

  get forbidsSecretsInState(): boolean {
    return this.#settings.forbid_secrets_in_state === true;
  }

  /** Reads by that client, those of one walk together. */
  reads(client: Client): Reads {
    return this.#readsOf(client).reads;
  }

  /** The same for what only improves a plan, and is not worth a long wait. */
  looks(client: Client): Reads {
    return this.#readsOf(client).looks;
  }

  #readsOf(client: Client) {
    if (this.#reads?.client !== client) {
      this.#reads = { client, reads: new Reads(client), looks: new Reads(client, ADVICE_DEADLINE) };
    }
    return this.#reads;
  }

  /** Remembers that an instance is in the state. */
  remembers(address: string, claim: Value | undefined): void {
    const claims = this.inState.get(address) ?? new Set();
    this.inState.set(address, claims.add(claim ?? null));
    this.gone.delete(address);
  }

  /** Remembers whether the state protects an instance: the plan of a replacement on demand does not see its state. */
  protects(address: string, claim: Value | undefined, isProtected: boolean): void {
    if (isProtected) this.#protected.set(address, (this.#protected.get(address) ?? new Set()).add(claim ?? null));
    else this.#protected.get(address)?.delete(claim ?? null);
  }

  /** Whether the state protects what is at an address, and it was not found to be gone. */
  isProtected(address: string): boolean {
    return (this.#protected.get(address)?.size ?? 0) > 0 && !this.gone.has(address);
  }

  /** What the state protects below an address, if anything: it goes with what is at that address. */
  protectedBelow(address: string): string | undefined {
    return [...this.#protected.keys()].find((each) => each.startsWith(`${address}/`) && this.isProtected(each));
  }

  /** Remembers that what is at an address is planned to be destroyed. */
  ends(address: string): void {
    this.#ending.add(address);
  }

  /** What is planned to be destroyed and has that address below it. */
  endingAbove(address: string): string | undefined {
    return [...this.#ending].find((each) => address.startsWith(`${each}/`));
  }

  /** Remembers that a creation has taken up the claim that it found, and the resource with it. */
  takesUp(address: string, claim: Value | undefined): void {
    this.#takenUp.add(`${address} ${claim}`);
  }

  /** Whether a creation in this walk has taken up that claim: then the destroy of the former instance is done. */
  hasTakenUp(address: string, claim: Value | undefined): boolean {
    return this.#takenUp.has(`${address} ${claim}`);
  }

  /** Remembers settings for what needs no client: validation comes before configuration. */
  remember(settings: Settings): void {
    this.#settings = settings;
  }

  /** Replaces the configuration; the last one holds. Throws a `SettingError` for a certificate file that cannot be read. */
  configure(settings: Settings): void {
    this.remember(settings);
    this.#client?.close();
    this.#client = undefined;
    this.#self = undefined;
    this.#takenUp.clear();
    this.#protected.clear();
    this.#ending.clear();
    this.gone.clear();
    const { endpoint, token, manager, ca_certificate_file: file } = settings;
    if (typeof endpoint !== 'string' || typeof token !== 'string' || typeof manager !== 'string' || file === UNKNOWN) {
      return;
    }
    this.#client = new Client({
      endpoint,
      token,
      manager,
      product: 'accredit-terraform',
      caCertificate: typeof file === 'string' ? readCertificates(file, 'ca_certificate_file') : undefined,
      ...this.#clientOptions,
    });
  }

  /** Who the provider's token is. One question serves all resources that are missing at about the same time. */
  async whoAmI(client: Client, signal?: AbortSignal): Promise<Self> {
    const now = performance.now();
    if (this.#self !== undefined && now < this.#self.until) return this.#self.answer;
    const answer = client.self({ signal });
    this.#self = { answer, until: now + SELF_LIFETIME };
    try {
      return await answer;
    } catch (error) {
      this.#self = undefined;
      throw error;
    }
  }
}
