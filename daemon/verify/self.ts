import type { IncomingMessage } from 'node:http';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import type { Service } from '../domain/api.ts';
import { readQuery } from '../http/contract.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';

/** `GET /v1/self`: who the caller is and what its token carries. */
export async function self(service: Service, request: IncomingMessage, exchange: Exchange): Promise<Reply> {
  const subject = await service.authenticate(exchange.caller());
  exchange.identified(subject);
  readQuery(request.url ?? '', {});
  const { grants, permissions, issued_at, valid_until, ...named } = subject;
  return {
    status: 200,
    body: {
      ...named,
      grants: [...grants],
      permissions: [...permissions],
      issued_at: formatTimestamp(issued_at),
      valid_until: valid_until === null ? null : formatTimestamp(valid_until),
    },
  };
}
