/** The domain's front: requests become operations, on the write path or on the read path. */
import { organizationOf } from '../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { Answer, Caller, Question, Service, Subject, WriteOptions } from './api.ts';
import { requirePermission } from './authority.ts';
import { deleteOperation } from './delete.ts';
import { ambient as realAmbient } from './identity.ts';
import { purgeExpired } from './maintenance.ts';
import { type Principal, presentedHash, subjectOf, unauthenticated } from './principal.ts';
import { putOperation } from './put.ts';
import { auditPage, authenticated, getOperation, listPage } from './read.ts';
import { readRevocation, restoreOperation, revokeOperation } from './revocation.ts';
import { rotateOperation, rotateSelfOperation } from './rotate.ts';
import type { Operation, Store } from './snapshot.ts';
import { Usage } from './usage.ts';
import {
  endPreviousOperation,
  endsPrevious,
  introspection,
  placeOf,
  type Verification,
  verifyOperation,
} from './verify.ts';

export interface ServiceDependencies {
  readonly store: Pick<Store, 'engine' | 'reader' | 'removeExpiredReplays'>;
  readonly keyring: Keyring;
  /** Milliseconds since 1970 UTC. */
  readonly clock: () => number;
}

const REPLAYS_PER_ROUND = 1000;

/** The service over a store. It keeps nothing but the uses that are still to be written. */
export function createService({ store, keyring, clock }: ServiceDependencies): Service {
  const ambient = realAmbient(keyring, clock);
  const { engine, reader } = store;
  const usage = new Usage();

  const read = <T>({ needs, decide }: Pick<Operation<T>, 'needs' | 'decide'>): Promise<T> =>
    reader.read({ needs, decide: (snapshot) => decide(usage.over(snapshot)) });

  // A dry run never commits its draft, so it can be decided on a snapshot that cannot be changed.
  const write = (operation: Operation<Answer>, options: WriteOptions): Promise<Answer> =>
    options.dryRun === true ? read(operation) : engine.submit(operation);

  const used = async (principal: Principal, ip: string | null, requestId: string): Promise<void> => {
    const now = clock();
    if (endsPrevious(principal, now)) await engine.submit(endPreviousOperation(ambient, principal, requestId));
    usage.note(principal.hash, now, ip);
  };

  /** Only a positive answer is a use: a refusal, or a question from elsewhere, must not end a previous secret. */
  const ask = async (
    question: Question,
    requestId: string,
    isPositive: (verification: Verification) => boolean,
  ): Promise<Verification> => {
    const verification = await read(verifyOperation(ambient, question));
    const { principal } = verification;
    if (principal !== undefined && isPositive(verification)) await used(principal, question.ip, requestId);
    return verification;
  };

  const signIn = async (caller: Caller): Promise<Principal> => {
    const principal = await read(authenticated(ambient, caller, {}, (_snapshot, found) => found));
    await used(principal, caller.ip, caller.requestId);
    return principal;
  };

  return {
    authenticate: async (caller): Promise<Subject> => subjectOf(await signIn(caller), clock()),
    get: (request) => read(getOperation(ambient, request)),
    list: (request) => listPage(ambient, reader, read, request),
    audit: (request) => auditPage(ambient, reader, read, request),
    put: async (request) => write(putOperation(ambient, request), request),
    delete: async (request) => write(deleteOperation(ambient, request), request),
    rotate: async (request) => write(rotateOperation(ambient, request), request),
    revoke: async (request) => write(revokeOperation(ambient, request), request),
    restore: async (request) => write(restoreOperation(ambient, request), request),

    async rotateSelf(request) {
      const hash = presentedHash(ambient, request.caller.credential);
      const find: Pick<Operation<string | undefined>, 'needs' | 'decide'> = {
        needs: { secrets: hash === undefined ? [] : [hash] },
        decide: (snapshot) => (hash === undefined ? undefined : snapshot.secret(hash)?.address),
      };
      const address = await read(find);
      if (address === undefined) throw unauthenticated('unknown token');
      return write(rotateSelfOperation(ambient, request, address), request);
    },

    revocation: ({ caller, address }) =>
      read(
        authenticated(ambient, caller, { revocations: [address] }, (snapshot, principal) =>
          readRevocation(snapshot, principal, address),
        ),
      ),

    verify: async (question, requestId) => (await ask(question, requestId, isAllowed)).verdict,

    async introspect(caller, question): Promise<JsonObject> {
      const place = placeOf(question);
      await read(
        authenticated(ambient, caller, { resources: [place.organization] }, (_snapshot, principal) =>
          requirePermission(principal, organizationOf(place.organization), 'tokens.introspect'),
        ),
      );
      const isLocal = ({ principal }: Verification) => principal?.organization.address === place.organization;
      const verification = await ask(question, caller.requestId, isLocal);
      return isLocal(verification) ? introspection(verification.verdict, question) : { active: false };
    },

    async maintain() {
      if (usage.size > 0) {
        const { operation, restore } = usage.take();
        await engine.submit(operation).catch((error: unknown) => {
          restore();
          throw error;
        });
      }
      await purgeExpired(ambient, engine, reader);
      await store.removeExpiredReplays(clock(), REPLAYS_PER_ROUND);
    },
  };
}

function isAllowed({ verdict }: Verification): boolean {
  return verdict.decision === 'allowed';
}
