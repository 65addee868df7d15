/** What is asked about credentials: who a caller is, what a token may do. Answered from memory where that is exact. */
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Audience, Caller, Credential, KnownAnswers, Question, Subject, Verdict } from './api.ts';
import { requireOrganizationPermission } from './authority.ts';
import type { Decisions, Judged, Kept } from './decisions.ts';
import type { Ambient } from './identity.ts';
import { authenticate, neededBy, type Principal, subjectOf } from './principal.ts';
import type { Engine, Operation, Snapshot } from './snapshot.ts';
import { touchOperation, type Usage } from './usage.ts';
import {
  askedPlace,
  endPreviousOperation,
  endsPrevious,
  holdsOf,
  introspection,
  isFirstUse,
  type Verification,
  verifyOperation,
} from './verify.ts';

export interface VerifierOptions {
  readonly ambient: Ambient;
  readonly decisions: Decisions;
  readonly engine: Engine;
  readonly usage: Usage;
}

/** A judgement, and what a use of the secret has to bring about before it is answered. */
export interface Finding<T> extends Judged<T> {
  readonly principal?: Principal;
  readonly isFirstUse?: boolean;
}

export type Decision<T> = Pick<Operation<Finding<T>>, 'needs' | 'decide'>;

/** Answers questions about credentials, and sees to it that uses are on record. */
export class Verifier {
  readonly #ambient: Ambient;
  readonly #decisions: Decisions;
  readonly #engine: Engine;
  readonly #usage: Usage;

  constructor({ ambient, decisions, engine, usage }: VerifierOptions) {
    this.#ambient = ambient;
    this.#decisions = decisions;
    this.#engine = engine;
    this.#usage = usage;
  }

  /** Who calls. Throws as `authenticate` of the service does. */
  async signIn(caller: Caller, audiences: readonly Audience[]): Promise<Subject> {
    return this.ask(caller, signInQuestion(audiences), {
      needs: neededBy(this.#ambient, caller),
      decide: (snapshot) => {
        const principal = authenticate(snapshot, this.#ambient, caller, audiences);
        return this.found(snapshot, principal, subjectOf(principal, this.#ambient.now()), true);
      },
    });
  }

  /** May whoever holds the credential do what is asked? Only a positive answer is a use of it. */
  async verify(question: Question, requestId: string): Promise<Verdict> {
    const operation = this.#verifying(question, (verdict) => verdict, isAllowed);
    return this.ask({ ...question, requestId }, verifyQuestion(question), operation);
  }

  /** What the caller may know of a token. Throws `forbidden` without `tokens.introspect` where is asked. */
  async introspect(caller: Caller, question: Question): Promise<JsonObject> {
    const { organization } = askedPlace(question);
    await this.ask(caller, introspectorQuestion(organization), {
      needs: { ...neededBy(this.#ambient, caller), resources: [organization] },
      decide: (snapshot) => {
        const principal = authenticate(snapshot, this.#ambient, caller);
        requireOrganizationPermission(principal, organizationOf(organization), 'tokens.introspect');
        return this.found(snapshot, principal, subjectOf(principal, this.#ambient.now()), true);
      },
    });
    // Of a token from elsewhere nothing is told; and what opens SCIM and nothing else is no token for any service.
    const isLocal = ({ principal }: Verification) =>
      principal?.organization.address === organization && principal.audience !== 'scim';
    const operation = this.#verifying(
      question,
      (verdict, verification) => (isLocal(verification) ? introspection(verdict, question) : { active: false }),
      isLocal,
    );
    return this.ask({ ...question, requestId: caller.requestId }, introspectionQuestion(question), operation);
  }

  /** What can be answered without waiting for anything. */
  readonly known: Omit<KnownAnswers, 'issue'> = {
    verify: (question) => this.kept<Verdict>(question.credential, question.ip, verifyQuestion(question)),
    introspector: (caller) => {
      const presented = this.#decisions.present(caller.credential, caller.ip);
      return (question) => {
        const { organization } = askedPlace(question);
        const asks = this.#decisions.known<Subject>(presented, introspectorQuestion(organization));
        if (asks === undefined) return undefined;
        const token = this.#decisions.present(question.credential, question.ip);
        const found = this.#decisions.known<JsonObject>(token, introspectionQuestion(question));
        if (found === undefined) return undefined;
        this.#note(asks, caller.ip);
        this.#note(found, question.ip);
        return { caller: asks.answer, body: found.answer };
      };
    },
  };

  /**
   * The answer to a question about a credential, kept or decided now; a use of the secret is on record when this
   * resolves. `question` names everything that the answer depends on besides what is read, without a line break in a part
   * of it.
   */
  async ask<T>(
    asked: Pick<Caller, 'credential' | 'ip' | 'requestId'>,
    question: string,
    decision: Decision<T>,
  ): Promise<T> {
    const { credential, ip, requestId } = asked;
    const presented = this.#decisions.present(credential, ip);
    const found: Finding<T> | Kept<T> = await this.#decisions.decide(presented, question, decision);
    if ('hash' in found) this.#note(found, ip);
    else if (found.isUse && found.principal !== undefined) await this.#used(found, found.principal, ip, requestId);
    return found.answer;
  }

  /** The answer if it is kept and sure to be current, its use noted; undefined where `ask` must be asked. */
  kept<T>(credential: Credential, ip: string | null, question: string): T | undefined {
    const found = this.#decisions.known<T>(this.#decisions.present(credential, ip), question);
    if (found !== undefined) this.#note(found, ip);
    return found?.answer;
  }

  #note({ hash, isUse }: Pick<Kept<unknown>, 'hash' | 'isUse'>, ip: string | null): void {
    if (isUse) this.#usage.note(hash, this.#ambient.now(), ip);
  }

  async #used(found: Finding<unknown>, principal: Principal, ip: string | null, requestId: string): Promise<void> {
    // An enrolment is no token: its use is the write that it opens.
    if (principal.audience === 'enrolment') return;
    const now = this.#ambient.now();
    if (found.isFirstUse) await this.#engine.submit(touchOperation(principal.hash, now, ip));
    if (endsPrevious(principal, now)) {
      await this.#engine.submit(endPreviousOperation(this.#ambient, principal, requestId));
    }
    this.#usage.note(principal.hash, now, ip);
  }

  /** What was found about a principal. `isUse`: the answer is more than a refusal. */
  found<T>(snapshot: Snapshot, principal: Principal, answer: T, isUse: boolean): Finding<T> {
    const isFirst = isFirstUse(snapshot, principal);
    const holds = isFirst ? undefined : holdsOf(principal, this.#ambient.now());
    return { answer, isUse, principal, isFirstUse: isFirst, ...(holds !== undefined && { holds }) };
  }

  #verifying<T>(
    question: Question,
    answer: (verdict: Verdict, verification: Verification) => T,
    isUse: (verification: Verification) => boolean,
  ): Decision<T> {
    const { needs, decide } = verifyOperation(this.#ambient, question);
    return {
      needs,
      decide: (snapshot) => {
        const verification = decide(snapshot);
        const { verdict, principal } = verification;
        const found = answer(verdict, verification);
        if (principal === undefined) return { answer: found, isUse: false };
        return this.found(snapshot, principal, found, isUse(verification));
      },
    };
  }
}

function isAllowed({ verdict }: Verification): boolean {
  return verdict.decision === 'allowed';
}

// The names under which decisions are kept. None of the parts has a line break in it.

function signInQuestion(audiences: readonly Audience[]): string {
  return `sign-in\n${audiences.join()}`;
}

function introspectorQuestion(organization: string): string {
  return `introspector\n${organization}`;
}

function verifyQuestion(question: Question): string {
  return `verify\n${asked(question)}`;
}

function introspectionQuestion(question: Question): string {
  return `introspect\n${asked(question)}`;
}

function asked({ organization, permission, scope }: Question): string {
  return `${organization ?? ''}\n${permission ?? ''}\n${scope ?? ''}`;
}
