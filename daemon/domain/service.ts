/** The domain's front: requests become operations, on the write path or on the read path. */
import type { AuditAction } from '../../terraform-provider-spec/audit.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Keyring } from '../crypto/keyring.ts';
import type { Answer, Caller, Service, Subject, WriteOptions } from './api.ts';
import { Decisions } from './decisions.ts';
import { deleteOperation } from './delete.ts';
import { enrolOperation } from './enrol.ts';
import { Foresight } from './foresight.ts';
import { type AccessTokenSettings, ambient as realAmbient } from './identity.ts';
import { countTokens, listPage } from './lists.ts';
import { purgeExpired } from './maintenance.ts';
import { admitOperation, applyOperation, discardOperation } from './manifest/apply.ts';
import { deliverAllOperation } from './manifest/deliveries.ts';
import { deliverOperation } from './manifest/delivery.ts';
import { getManifestOperation, manifestPage } from './manifest/read.ts';
import { readDeclared } from './manifest/tree.ts';
import { Issuer } from './oauth/issue.ts';
import { keepKeysOnSchedule, readKeySet } from './oauth/key-service.ts';
import { revokeToken } from './oauth/revoke.ts';
import { rotateKeysOperation } from './oauth/rotate-keys.ts';
import { presentedHash, unauthenticated } from './principal.ts';
import { Problem } from './problem.ts';
import type { Provisioned, ProvisioningScope } from './provisioned.ts';
import {
  createOperation,
  everyone,
  lookUpOperation,
  removeOperation,
  showOperation,
  updateOperation,
} from './provisioning.ts';
import { putOperation } from './put.ts';
import { auditPage, authenticated, getOperation } from './read.ts';
import { RefusalLimit, refusalOperation } from './refusals.ts';
import { readRevocation, restoreOperation, revokeOperation } from './revocation.ts';
import { rotateOperation, rotateSelfOperation } from './rotate.ts';
import type { Operation, Store } from './snapshot.ts';
import { Usage } from './usage.ts';
import { Verifier } from './verification.ts';

export interface ServiceDependencies {
  readonly store: Pick<Store, 'engine' | 'reader' | 'changes' | 'removeExpiredReplays' | 'removeOldRevisions'>;
  readonly keyring: Keyring;
  /** Milliseconds since 1970 UTC. */
  readonly clock: () => number;
  readonly accessTokens?: AccessTokenSettings;
  /** How many decisions are kept in memory. */
  readonly cacheSize?: number;
}

const REPLAYS_PER_ROUND = 1000;
const REVISIONS_PER_ROUND = 10_000;
const CACHE_SIZE = 20_000;

/** The service over a store. It keeps decisions as long as they are true, and the uses that are still to be written. */
export function createService({
  store,
  keyring,
  clock,
  cacheSize = CACHE_SIZE,
  accessTokens,
}: ServiceDependencies): Service {
  const ambient = realAmbient(keyring, clock, accessTokens);
  const { engine, reader } = store;
  const usage = new Usage(engine);
  const refusals = new RefusalLimit();

  const read = <T>({ needs, decide, pieces }: Pick<Operation<T>, 'needs' | 'decide' | 'pieces'>): Promise<T> =>
    reader.read({
      needs,
      decide: (snapshot) => decide(usage.over(snapshot)),
      ...(pieces && { pieces: (snapshot) => pieces(usage.over(snapshot)) }),
    });

  const decisions = new Decisions({ changes: store.changes, read, clock, limit: cacheSize });
  const verifier = new Verifier({ ambient, decisions, engine, usage });
  const issuer = new Issuer({ ambient, verifier, engine });

  // A dry run never commits its draft, so it can be decided on a snapshot that cannot be changed.
  const write = (operation: Operation<Answer>, options: WriteOptions): Promise<Answer> =>
    options.dryRun === true ? read(operation) : engine.submit(operation);

  const foresight = new Foresight();
  const foreseen = <T>(operation: Operation<T>, { caller, address }: { caller: Caller; address: string }) =>
    foresight.of(operation, { caller: presentedHash(ambient, caller.credential), address });

  /**
   * Runs what a caller asks for; should it be refused because of who asks, that is on record before it is answered. A dry run
   * attempts nothing, and writes nothing whatever comes of it.
   */
  const attempt = async <T>(
    action: AuditAction,
    request: { caller: Caller; address?: string; dryRun?: boolean },
    run: () => Promise<T>,
  ) => {
    try {
      return await run();
    } catch (error) {
      const isOnRecord = error instanceof Problem && error.refusesCaller && request.dryRun !== true;
      if (isOnRecord) await recordRefusal(action, request, error);
      throw error;
    }
  };

  const recordRefusal = async (
    action: AuditAction,
    { caller, address }: { caller: Caller; address?: string },
    problem: Problem,
  ): Promise<void> => {
    const hash = presentedHash(ambient, caller.credential);
    if (hash === undefined || !refusals.allows(hash, clock())) return;
    await engine.submit(refusalOperation(ambient, { caller, action, address }, problem));
  };

  return {
    known: { ...verifier.known, issue: (request) => issuer.known(request) },
    get statistics() {
      return { decisions: decisions.statistics, waitingUses: usage.size };
    },
    authenticate: (caller, audiences = [caller.audience ?? 'api']): Promise<Subject> =>
      attempt('authenticate', { caller }, () => verifier.signIn(caller, audiences)),
    get: (request) => attempt('get', request, async () => read(getOperation(ambient, request))),
    list: (request) =>
      attempt('list', { caller: request.caller, address: request.parent || undefined }, () =>
        listPage(ambient, reader, read, request),
      ),
    count: (request) =>
      attempt('list', { caller: request.caller, address: request.organization }, () =>
        countTokens(ambient, reader, read, request),
      ),
    audit: (request) =>
      attempt('audit', { caller: request.caller, address: `organizations/${request.organization}` }, () =>
        auditPage(ambient, reader, read, request),
      ),
    put: (request) =>
      attempt('put', request, async () => write(foreseen(putOperation(ambient, request), request), request)),
    delete: (request) =>
      attempt('delete', request, async () => write(foreseen(deleteOperation(ambient, request), request), request)),
    rotate: (request) =>
      attempt('rotate', request, async () => write(foreseen(rotateOperation(ambient, request), request), request)),
    enrol: (request) => attempt('enrol', request, async () => write(enrolOperation(ambient, request), request)),
    revoke: (request) => attempt('revoke', request, async () => write(revokeOperation(ambient, request), request)),
    restore: (request) => attempt('restore', request, async () => write(restoreOperation(ambient, request), request)),

    manifest: (request) => attempt('get', request, async () => read(getManifestOperation(ambient, request))),
    manifests: (request) =>
      attempt('list', { caller: request.caller, address: request.organization }, () =>
        manifestPage(ambient, reader, read, request),
      ),
    admitManifest: (request) => attempt('put', request, async () => read(admitOperation(ambient, request))),
    putManifest: (request) =>
      attempt('put', request, async () =>
        write(applyOperation(ambient, request, await readDeclared(request)), request),
      ),
    deleteManifest: (request) =>
      attempt('delete', request, async () => write(discardOperation(ambient, request), request)),
    deliverAll: (request) =>
      attempt('deliver', request, async () => write(deliverAllOperation(ambient, request), request)),
    deliver: (request) => attempt('deliver', request, async () => write(deliverOperation(ambient, request), request)),

    rotateSelf: (request) =>
      attempt('rotate', request, async () => {
        const hash = presentedHash(ambient, request.caller.credential);
        const find: Pick<Operation<string | undefined>, 'needs' | 'decide'> = {
          needs: { secrets: hash === undefined ? [] : [hash] },
          decide: (snapshot) => (hash === undefined ? undefined : snapshot.secret(hash)?.address),
        };
        const address = await read(find);
        if (address === undefined) throw unauthenticated('unknown token');
        return write(rotateSelfOperation(ambient, request, address), request);
      }),

    revocation: ({ caller, address }) =>
      attempt('get', { caller, address }, () =>
        read(
          authenticated(ambient, caller, { revocations: [address] }, (snapshot, principal) =>
            readRevocation(snapshot, principal, address),
          ),
        ),
      ),

    verify: (question, requestId) => verifier.verify(question, requestId),
    introspect: (caller, question): Promise<JsonObject> =>
      attempt('introspect', { caller }, () => verifier.introspect(caller, question)),

    issueToken: (request) => issuer.issue(request),
    revokeToken: ({ caller, token }) =>
      attempt('revoke', { caller }, async () => {
        const client = await verifier.signIn(caller, ['api', 'app', 'scim']);
        await revokeToken({ ambient, read, engine }, { caller, token });
        return client;
      }),
    keySet: () => readKeySet({ ambient, read, engine }),
    rotateSigningKeys: (request) =>
      attempt('rotate', request, async () => write(rotateKeysOperation(ambient, request), request)),

    provisioned: (scope, lookup) =>
      attempt('list', provisioningAttempt(scope), async () => {
        if (lookup !== undefined) return read(lookUpOperation(ambient, scope, lookup));
        return read(showOperation(ambient, scope, await everyone(reader, scope)));
      }),
    provision: (scope, names, desired) =>
      attempt('put', provisioningAttempt(scope), async () =>
        provisionedIn(await engine.submit(createOperation(ambient, scope, names, desired))),
      ),
    reprovision: (scope, target, change) =>
      attempt('put', provisioningAttempt(scope), async () =>
        provisionedIn(await engine.submit(updateOperation(ambient, scope, target, change))),
      ),
    deprovision: (scope, target) =>
      attempt('delete', provisioningAttempt(scope), async () => {
        await engine.submit(removeOperation(ambient, scope, target));
      }),

    recordUses: () => usage.flush(),
    async maintain() {
      await usage.flush();
      await purgeExpired(ambient, engine, reader);
      await keepKeysOnSchedule({ ambient, read, engine });
      await store.removeExpiredReplays(clock(), REPLAYS_PER_ROUND);
      await store.removeOldRevisions(REVISIONS_PER_ROUND);
    },
  };
}

function provisioningAttempt({ caller, organization }: ProvisioningScope): { caller: Caller; address: string } {
  return { caller, address: organization };
}

function provisionedIn({ resource }: Answer): Provisioned {
  return resource as unknown as Provisioned;
}
