import type { IncomingMessage } from 'node:http';
import type { Service } from '../../domain/api.ts';
import { missingClient } from '../../domain/oauth/issue.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { Reply } from '../../http/reply.ts';
import { clientOf } from './client.ts';
import { readForm, required } from './form.ts';
import { NOT_KEPT } from './reply.ts';

/** `POST /v1/oauth/revoke` (RFC 7009, section 2): the same answer whether or not there was anything to revoke. */
export async function revoke(service: Service, request: IncomingMessage, exchange: Exchange): Promise<Reply> {
  const form = await readForm(request);
  const credential = clientOf(request, form);
  if (credential === undefined) throw missingClient();
  const token = required(form, 'token');
  const caller = { credential, ip: exchange.ip, requestId: exchange.requestId };
  // No use of the token, and never held back: one that is used too often may be one that leaked.
  exchange.named(await service.revokeToken({ caller, token }));
  return { status: 200, headers: NOT_KEPT };
}
