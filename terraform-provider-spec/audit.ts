/** What audit events say, as far as it is one of a few words. */

/** What a write comes to; the header `Accredit-Outcome` of its answer. */
export const WRITE_OUTCOMES = [
  'created',
  'updated',
  'rotated',
  'unchanged',
  'deleted',
  'slot-ended',
  'revoked',
  'restored',
] as const;
export type WriteOutcome = (typeof WRITE_OUTCOMES)[number];

/** What came of what an event tells of. */
export const AUDIT_OUTCOMES = [...WRITE_OUTCOMES, 'refused'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** What was asked for, or what the daemon did by itself. Reads are on record only where they were refused. */
export const AUDIT_ACTIONS = [
  'put',
  'delete',
  'rotate',
  'revoke',
  'restore',
  'enrol',
  'deliver',
  'get',
  'list',
  'audit',
  'introspect',
  'authenticate',
  'first-use',
  'purge',
  'bootstrap',
  'recover',
  'create',
  'update',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];
