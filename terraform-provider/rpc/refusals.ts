/** What the daemon's refusals mean to somebody who writes Terraform configurations, by the code of the problem. */
import type { ProblemCode } from '../../terraform-provider-spec/problem-codes.ts';
import type { Failed } from './diagnostics.ts';

export interface Refusal {
  readonly summary: string;
  /** Where it points to when the answer names no attribute: the first of these that is configured. */
  readonly attributes?: readonly string[];
  /** What can be done about it. */
  readonly help?: (failed: Failed) => string;
}

const NOT_ACCEPTED = "The daemon does not accept the provider's token";

const OF_PROBLEMS: Readonly<Partial<Record<ProblemCode, Refusal>>> = {
  unauthenticated: {
    summary: NOT_ACCEPTED,
    help: () =>
      'It may have ended, been rotated or revoked, or be one of another installation. Give another in the provider block, ' +
      'in ACCREDIT_TOKEN, or in the file that ACCREDIT_TOKEN_FILE names.',
  },
  forbidden: { summary: "The provider's token does not allow this" },
  'too-many-requests': {
    summary: 'The daemon asks for fewer requests',
    help: () =>
      'The provider has waited as long as it may. Try again later, let Terraform ask for less at a time (-parallelism), or ' +
      'have the limit raised (ACCREDIT_RATE_LIMIT_USE).',
  },
  unavailable: {
    summary: 'The daemon cannot answer now',
    help: () =>
      'The provider has tried again as long as it may. Look at /readyz and the log of the daemon, then run Terraform again.',
  },
  'precondition-failed': {
    summary: 'Changed since the plan was made',
    help: () => 'Plan again to see what is there now.',
  },
  'managed-by-another': {
    summary: 'Managed by somebody else',
    help: ({ schema, action, address }) =>
      action === 'create'
        ? 'If this configuration is to own it, import it, and the next apply adopts it: ' +
          `terraform import ${schema.type}.NAME ${address} ` +
          '(If it is in the state already and to be replaced, apply once without replacing it first.)'
        : 'If this configuration is to own it again, remove it from the state and import it, and the next apply adopts it: ' +
          `terraform state rm ${schema.type}.NAME, then terraform import ${schema.type}.NAME ${address}`,
  },
  'in-use': {
    summary: 'Others refer to it',
    help: () =>
      'What this configuration declares goes first where it refers to this resource by an expression, not by a literal ' +
      'name; what has just been imported goes first once it has been applied. To replace something that others go on ' +
      'referring to, set create_before_destroy in its lifecycle.',
  },
  'built-in': {
    summary: 'It is built in',
    attributes: ['name'],
    help: ({ schema }) =>
      `Choose another name. What is built in needs no resource to be used, and is read by the data source ${schema.type}.`,
  },
  'rotation-forbidden': {
    summary: 'Its profile allows it no other secret',
    attributes: ['rotation_triggers', 'secret_hash_wo_version', 'secret_wo_version', 'profile'],
    help: ({ schema, action, address }) =>
      action === 'create'
        ? `Something is at ${address} already, and was used. Delete it first, or import it: terraform import ` +
          `${schema.type}.NAME ${address} (A replacement has to destroy before it creates, without create_before_destroy.)`
        : 'Leave the triggers as they are, and replace the token: terraform apply -replace=ADDRESS',
  },
  'secret-in-use': {
    summary: 'That secret has been used before',
    attributes: ['secret_wo', 'secret_hash_wo'],
    help: () =>
      'Make another: what was ever a secret does not come back. One that accredit_generated_secret derives from a seed ' +
      'changes with its version.',
  },
  'restore-forbidden': {
    summary: 'Its profile lets no revoked token come back',
    attributes: ['state'],
    help: () =>
      'Leave state = "revoked", or replace the token, which makes another secret: terraform apply -replace=ADDRESS',
  },
  'token-limit': {
    summary: 'Its owner has as many tokens as the profile allows',
    attributes: ['profile'],
    help: () =>
      'Remove one of those, or give this one another profile. One that this apply was to destroy may not have been ' +
      'destroyed yet: then apply again.',
  },
  'display-name-taken': {
    summary: 'The display name is taken',
    attributes: ['display_name'],
    help: () => 'Choose another. A name that another token gives up in the same apply is free in the next one.',
  },
  'not-revoked': {
    summary: 'Its profile lets no live token be deleted',
    attributes: ['state'],
    help: () => 'Apply state = "revoked" first.',
  },
  revoked: {
    summary: 'Revoked in an emergency',
    attributes: ['name'],
    help: () => 'No configuration gets around that. Choose another name, or have the revocation deleted.',
  },
  'own-credential': {
    summary: "It would end the provider's own token",
    help: () => 'Give the provider a token that this configuration does not manage, or the rotation an overlap.',
  },
};

/** Those of the endpoint that issues access tokens, by the names of RFC 6749, section 5.2. */
export const OAUTH_REFUSALS: Readonly<Record<string, Refusal>> = {
  invalid_client: { summary: NOT_ACCEPTED },
  invalid_request: { summary: 'The token cannot be exchanged', attributes: ['token'] },
  invalid_scope: { summary: 'The token does not carry these permissions', attributes: ['permissions'] },
};

/** Those of the daemon, and of what is no daemon. */
export const REFUSALS: Readonly<Record<string, Refusal | undefined>> = {
  ...OF_PROBLEMS,
  ...OAUTH_REFUSALS,
  'unexpected-answer': { summary: 'That was not an answer of the daemon' },
};
