import type { IncomingMessage } from 'node:http';
import type { Service, Subject } from '../domain/api.ts';
import { unauthenticated } from '../domain/principal.ts';
import { Problem } from '../domain/problem.ts';
import { queryOf, unknownParameter } from '../http/contract.ts';
import type { Asked, Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import { ASKED, readParameters, readQuestion } from './question.ts';

/**
 * `ANY /v1/authorize`: forward authentication. A proxy passes on the headers of a request that it is to serve, and is
 * told whether it may, and on whose behalf. Throws `unauthenticated` and `forbidden` as the answers 401 and 403.
 */
export async function authorize(service: Service, request: IncomingMessage, exchange: Exchange): Promise<Reply> {
  const { credential, ip } = exchange.caller();
  const asked = askedIn(request.url ?? '');
  exchange.asked(asked);
  const verdict = await service.verify({ ...asked, credential, ip }, exchange.requestId);
  if (verdict.decision === 'unauthenticated') {
    throw unauthenticated(verdict.reason);
  }
  exchange.identified(verdict.subject);
  if (verdict.decision === 'forbidden') {
    throw new Problem(
      'forbidden',
      "The credential does not allow this. The daemon's log says why, under the request id.",
      {
        internal: verdict.reason,
        permission: asked.permission,
      },
    );
  }
  return { status: 200, headers: identityHeaders(verdict.subject) };
}

/** What a positive answer says about who presented the credential. */
export function identityHeaders({ identifier, address, organization, token }: Subject): Record<string, string> {
  return {
    'Accredit-Subject': identifier,
    'Accredit-Account': address,
    'Accredit-Organization': organization,
    'Accredit-Token': token,
  };
}

/**
 * The question in the query of `url`. Throws `invalid-query`, with the reason for the log too: most proxies keep the answer
 * from whoever wrote the question into their configuration.
 */
export function askedIn(url: string): Asked {
  const invalid = (message: string): never => {
    throw new Problem('invalid-query', message, { internal: message });
  };
  const refuse = (parameter: string, what: string): never => invalid(`The query parameter ${parameter} ${what}.`);
  const parameters = readParameters(queryOf(url), ASKED, {
    twice: (parameter) => refuse(parameter, 'is given more than once'),
    unknown: (parameter) => invalid(unknownParameter(parameter, ASKED).message),
  });
  return readQuestion(parameters, refuse);
}
