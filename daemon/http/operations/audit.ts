import { ADDRESS, PAGE } from '../contract.ts';
import type { Operation } from '../operation.ts';
import { pageReply } from './replies.ts';
import { DEFAULT_LIMIT } from './resources.ts';

/** `GET …/audit-events`: what happened in an organization, the newest first. */
export function auditEvents(organization: Operation['address']): Operation {
  return {
    writes: false,
    headers: {},
    query: { ...PAGE, ...ADDRESS },
    body: 'none',
    address: organization,
    run: async (service, { caller, address: within, options }) => {
      const { limit = DEFAULT_LIMIT, cursor, address } = options;
      const organization = within.slice(within.lastIndexOf('/') + 1);
      return pageReply(await service.audit({ caller, organization, limit, cursor, address }));
    },
  };
}
