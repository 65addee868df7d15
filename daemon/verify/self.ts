import type { IncomingMessage } from 'node:http';
import { formatTimestamp } from '../../terraform-provider-spec/formats.ts';
import type { Service } from '../domain/api.ts';
import { presentSubject } from '../domain/verify.ts';
import { readQuery } from '../http/contract.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';

/** `GET /v1/self`: who the caller is and what its token carries. */
export async function self(service: Service, request: IncomingMessage, exchange: Exchange): Promise<Reply> {
  const subject = await service.authenticate(exchange.caller());
  exchange.identified(subject);
  readQuery(request.url ?? '', {});
  return { status: 200, body: { ...presentSubject(subject), issued_at: formatTimestamp(subject.issued_at) } };
}
