import type { Attributes, JsonObject, KindExamples, ListFilter } from '../kind.ts';

/** What ends, renews or moves a token's secret. */
const EXPIRY = ['expires_at', 'expires_in'] as const;
const ROTATION = ['rotation', 'secret_hash'] as const;

/** The attributes of everything that holds a secret. Each token kind takes them and adds its own. */
export const TOKEN_ATTRIBUTES: Attributes = {
  profile: {
    type: 'string',
    format: 'name',
    references: 'token_profile',
    access: 'optional',
    default: 'standard',
    immutable: true,
    description: 'The token profile that decides what the token may do in its life.',
  },
  expires_at: {
    type: 'string',
    format: 'timestamp',
    access: 'optional',
    conflictsWith: ['expires_in'],
    description: 'When the token ends; null for never. Excludes `expires_in`.',
  },
  expires_in: {
    type: 'string',
    format: 'duration',
    access: 'optional',
    conflictsWith: ['expires_at'],
    description: 'How long a secret lives, counted from `rotated_at`; null for no end. Excludes `expires_at`.',
  },
  state: {
    type: 'string',
    enum: ['active', 'revoked'],
    access: 'optional',
    default: 'active',
    description: '`revoked` stops the token at once; `active` restores the same secret while it is not expired.',
  },
  rotation: {
    type: 'string',
    maxLength: 256,
    access: 'optional',
    keeps: true,
    terraform: 'triggers',
    description: 'A free marker. A PUT with another one than the stored mints a new secret; leaving it out never does.',
  },
  overlap: {
    type: 'string',
    format: 'duration-or-zero',
    access: 'optional',
    default: '0s',
    description: 'How long the previous secret goes on working after a rotation; `0s` ends it at once.',
  },
  retire_previous: {
    type: 'string',
    enum: ['after_overlap', 'on_first_use'],
    access: 'optional',
    default: 'after_overlap',
    description: '`on_first_use` ends the previous secret early, when the new one is first used. Needs an overlap.',
  },
  rotate_every: {
    type: 'string',
    format: 'duration',
    access: 'optional',
    conflictsWith: ['rotate_before_expiry'],
    description:
      'How often the secret should be rotated; gives `next_rotation_at`. The daemon does not rotate by itself.',
  },
  rotate_before_expiry: {
    type: 'string',
    format: 'duration',
    access: 'optional',
    conflictsWith: ['rotate_every'],
    description: 'How long before its end the secret should be rotated; gives `next_rotation_at`. Needs an expiry.',
  },
  permissions: {
    type: 'set',
    items: { type: 'string', format: 'permission' },
    maxItems: 256,
    access: 'optional',
    description: "Narrows the token to these of its owner's permissions; null for all of them.",
  },
  allowed_cidrs: {
    type: 'set',
    items: { type: 'string', format: 'cidr' },
    maxItems: 256,
    access: 'optional',
    description: 'The networks from which the token works, IPv4 or IPv6; null for all of them.',
  },
  secret_hash: {
    type: 'string',
    format: 'secret-hash',
    access: 'optional',
    keeps: true,
    writeOnly: true,
    terraform: 'versioned-write-only',
    description:
      'The SHA-256 of a well-formed token that the caller made, as `sha256:<hex>`: the daemon never sees the secret. ' +
      'Another hash than the stored one rotates.',
  },
  status: {
    type: 'string',
    enum: ['active', 'expired', 'revoked', 'disabled'],
    access: 'read-only',
    changesWith: ['state', ...EXPIRY, ...ROTATION],
    description: 'Whether the token works now, and if not, why.',
  },
  status_reason: {
    type: 'string',
    access: 'read-only',
    nullable: true,
    changesWith: ['state', ...EXPIRY, ...ROTATION],
    description: 'More about a status other than `active`; null when there is nothing to say.',
  },
  valid_until: {
    type: 'string',
    format: 'timestamp',
    access: 'read-only',
    nullable: true,
    changesWith: [...EXPIRY, ...ROTATION],
    description: 'When the current secret ends, whichever way the expiry was given; null for never.',
  },
  rotated_at: {
    type: 'string',
    format: 'timestamp',
    access: 'read-only',
    changesWith: ROTATION,
    description: 'When the current secret was made: the creation, then each rotation.',
  },
  previous: {
    type: 'object',
    access: 'read-only',
    nullable: true,
    changesWith: [...EXPIRY, ...ROTATION],
    description: 'The previous secret while it still works.',
    attributes: {
      valid_until: {
        type: 'string',
        format: 'timestamp',
        access: 'read-only',
        description: 'When the previous secret stops working.',
      },
    },
  },
  next_rotation_at: {
    type: 'string',
    format: 'timestamp',
    access: 'read-only',
    nullable: true,
    changesWith: [...EXPIRY, ...ROTATION, 'rotate_every', 'rotate_before_expiry'],
    description:
      'When the schedule asks for a rotation; null without one, and after a rotation that no other is to follow.',
  },
  rotation_due: {
    type: 'boolean',
    access: 'read-only',
    changesWith: 'any',
    terraform: 'data-source-only',
    description: 'Whether the schedule asks for a rotation now, by the clock of the daemon, and one can be made.',
  },
  secret: {
    type: 'string',
    access: 'read-only',
    nullable: true,
    once: true,
    sensitive: true,
    changesWith: ROTATION,
    description: 'The token itself, in the answer that made it and nowhere else. Null when the caller made it.',
  },
  usage: {
    type: 'string',
    enum: ['never', 'used'],
    access: 'read-only',
    volatile: true,
    description:
      'Whether a secret that works was ever used: the current one, or the previous one while its overlap lasts.',
  },
  last_used_at: {
    type: 'string',
    format: 'timestamp',
    access: 'read-only',
    nullable: true,
    volatile: true,
    description: 'When the current secret was last used; null if it never was.',
  },
  last_used_ip: {
    type: 'string',
    access: 'read-only',
    nullable: true,
    volatile: true,
    description: 'From where the current secret was last used.',
  },
  previous_last_used_at: {
    type: 'string',
    format: 'timestamp',
    access: 'read-only',
    nullable: true,
    volatile: true,
    description: 'When the previous secret was last used, while it still works.',
  },
  previous_last_used_ip: {
    type: 'string',
    access: 'read-only',
    nullable: true,
    volatile: true,
    description: 'From where the previous secret was last used, while it still works.',
  },
};

/** The filters of the lists of tokens. */
export const TOKEN_FILTERS: readonly ListFilter[] = [
  'status',
  'expires_before',
  'never_expires',
  'without_successor',
  'exceeds_max_lifetime',
  'unused_since',
  'usage',
];

const FULL: JsonObject = {
  display_name: 'Pipeline',
  description: 'Used by the release pipeline',
  labels: { env: 'production' },
  profile: 'standard',
  expires_in: '90d',
  state: 'active',
  rotation: '2026-01',
  overlap: '12h',
  retire_previous: 'on_first_use',
  rotate_before_expiry: '14d',
  permissions: ['accounts.read', 'tokens.read'],
  allowed_cidrs: ['127.0.0.0/8', '::1/128'],
};

/** Example bodies that hold for every token kind. */
export const TOKEN_EXAMPLES: KindExamples = {
  full: FULL,
  changed: { ...FULL, display_name: 'Release pipeline', expires_in: '30d', overlap: '0s', retire_previous: null },
  invalid: [
    { body: { expires_in: '0s' }, pointer: '/expires_in' },
    { body: { expires_in: 90 }, pointer: '/expires_in' },
    { body: { expires_at: '2001-01-01T00:00:00Z' }, pointer: '/expires_at', byDaemon: true },
    { body: { expires_at: 'tomorrow' }, pointer: '/expires_at' },
    { body: { expires_at: '2091-01-01T00:00:00Z', expires_in: '1d' }, pointer: '/expires_in' },
    { body: { overlap: '0s', retire_previous: 'on_first_use' }, pointer: '/retire_previous', byDaemon: true },
    { body: { rotate_before_expiry: '1d' }, pointer: '/rotate_before_expiry', byDaemon: true },
    { body: { state: 'expired' }, pointer: '/state' },
    { body: { permissions: ['everything'] }, pointer: '/permissions/0' },
    { body: { allowed_cidrs: ['10.0.0.0/33'] }, pointer: '/allowed_cidrs/0' },
    { body: { secret_hash: 'sha256:abc' }, pointer: '/secret_hash' },
    { body: { profile: 'no-such-profile' }, pointer: '/profile', byDaemon: true },
    { body: { overlap: '31d' }, pointer: '/overlap', byDaemon: true },
  ],
  immutable: { profile: 'revocable' },
};
