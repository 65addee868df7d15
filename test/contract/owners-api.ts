/** The API as whoever may do what is asked: the owner of the installation, or the user that a personal token belongs to. */
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { type Answer, Api } from './api.ts';

const PERSONAL = /^\/v1\/(organizations\/[^/?]+\/users\/[^/?]+)\/tokens\/[^/?]+(\/(?:rotation|delivered))?(?:\?|$)/;

export class OwnersApi extends Api {
  /** The last write of each user: an enrolment replaces the one before, so they take turns. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Enrolments by user and Idempotency-Key: a retry comes with the secret that the first try came with. */
  readonly #kept = new Map<string, string>();

  override async send(...request: Parameters<Api['send']>): Promise<Answer> {
    const [method, target] = request;
    const [, user, action] = PERSONAL.exec(target) ?? [];
    if (user === undefined || (method !== 'PUT' && action === undefined)) return super.send(...request);
    const turn = (this.#turns.get(user) ?? Promise.resolve()).then(() =>
      action === undefined ? this.#enrolled(user, request) : this.#withOwnToken(user, request),
    );
    this.#turns.set(
      user,
      turn.catch(() => undefined),
    );
    return turn;
  }

  /** A secret with which a write to `address` under that Idempotency-Key can be sent by other means. */
  async writerOf(address: string, key: string): Promise<string> {
    const [, user] = PERSONAL.exec(`/v1/${address}`) ?? [];
    const secret = user === undefined ? undefined : await this.#enrol(user);
    if (secret !== undefined) this.#kept.set(`${user} ${key}`, secret);
    return secret ?? this.token ?? '';
  }

  /** With a fresh enrolment, which opens just this; as the owner where there is no such user. */
  async #enrolled(user: string, request: Parameters<Api['send']>): Promise<Answer> {
    const key = request[3]?.['Idempotency-Key'];
    const kept = key === undefined ? undefined : this.#kept.get(`${user} ${key}`);
    if (kept !== undefined) {
      const answer = await this.as(kept).send(...request);
      // Not used by the first try, and replaced by another enrolment since.
      if (answer.status !== 401) return answer;
    }
    const secret = await this.#enrol(user);
    if (secret === undefined) return super.send(...request);
    if (key !== undefined) this.#kept.set(`${user} ${key}`, secret);
    return this.as(secret).send(...request);
  }

  /** With a token of the user's own that is there only for that. */
  async #withOwnToken(user: string, request: Parameters<Api['send']>): Promise<Answer> {
    const secret = await this.#enrol(user);
    if (secret === undefined) return super.send(...request);
    const own = await this.as(secret).put(`${user}/tokens/rotator`, {});
    const answer = await this.as(String(own.body.secret)).send(...request);
    await this.delete(`${user}/tokens/rotator`);
    return answer;
  }

  async #enrol(user: string): Promise<string | undefined> {
    const { status, body } = await super.send('POST', `/v1/${user}/enrolment`, '{}');
    return status === 201 ? String((body as JsonObject).secret) : undefined;
  }
}
