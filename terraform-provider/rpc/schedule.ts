/**
 * Rotation on a schedule. Whether one is due is the daemon's to say, and it says so on a refresh: the plan and the apply
 * of a saved plan, however much later, go by that one answer, and neither looks at a clock.
 */
import type { CallOptions, Client, Written } from '../../client/client.ts';
import { ApiError, ConnectionError } from '../../client/errors.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import type { Diagnostic } from '../plugin/messages.ts';
import { equalValues } from '../values/value.ts';
import { pathTo, warning } from './diagnostics.ts';
import { dueRotationKey, type KeyHolder } from './keys.ts';
import {
  givenSecrets,
  keepsSchedule,
  SCHEDULES,
  type Scheduled,
  scheduledRotation,
  secretAttribute,
  staysDue,
} from './planning.ts';

/** Whether the daemon says that the schedule of that token asks for a rotation. */
export function isDue(resource: JsonObject): boolean {
  return resource.rotation_due === true;
}

/** Why a plan rotates; or what somebody has to do who makes the secret that is due. */
export function dueWarnings(scheduled: Scheduled): Diagnostic[] {
  const { prior, planned } = scheduled;
  const schedule = SCHEDULES.find((name) => (planned[name] ?? null) !== null);
  if (prior === null || schedule === undefined || !staysDue(scheduled)) return [];
  const since = `${planned.id} is due since ${prior.next_rotation_at}, by ${schedule} = "${planned[schedule]}".`;
  if (scheduledRotation(scheduled) === 'sure') {
    return [warning('Due for rotation', `${since} Apply makes a new secret.`, pathTo(schedule))];
  }
  const [own] = givenSecrets(scheduled);
  if (own?.source.from !== 'write-only') return [];
  const { version } = own.source;
  if (!equalValues('string', prior[version] ?? null, planned[version] ?? null)) return [];
  return [
    warning(
      'Due for rotation, by a secret that is made elsewhere',
      `${since} Terraform does not rotate what it does not make: make another secret, give it by ${own.name}, and change ` +
        `${version}.`,
      pathTo(schedule),
    ),
  ];
}

/** What a plan says that declares a schedule which is due at once; `resource` is the token as it will be. */
export function dueNextWarnings(scheduled: Scheduled, resource: JsonObject): Diagnostic[] {
  if (!isDue(resource) || keepsSchedule(scheduled) || givenSecrets(scheduled).length > 0) return [];
  const schedule = SCHEDULES.find((name) => typeof resource[name] === 'string') ?? SCHEDULES[0];
  return [
    warning(
      'Due for rotation once this is applied',
      `By ${schedule} = "${resource[schedule]}", ${resource.address} is due since ${resource.next_rotation_at}. This apply ` +
        'declares the schedule and rotates nothing; the next one rotates.',
      pathTo(schedule),
    ),
  ];
}

interface Rotation extends Pick<CallOptions, 'signal'>, KeyHolder {
  readonly client: Client;
  /** Whether the token was imported, and not written since. */
  readonly adopt: boolean;
}

/**
 * Makes the secret that was due when `prior` was read, once: whoever tries again from the same state, or at the same
 * time, gets the same one. Answers `undefined` if somebody else has rotated the token since.
 * Rejects like the client.
 */
export async function rotateOnce(rotation: Rotation): Promise<Written | undefined> {
  const { client, prior, adopt, signal } = rotation;
  const body = { if_rotated_at: String(prior.rotated_at) };
  const options = { adopt, signal, idempotencyKey: dueRotationKey(rotation) };
  try {
    return await client.rotate(String(prior.id), body, options);
  } catch (cause) {
    if (cause instanceof ApiError && (cause.code === 'rotation-conflict' || cause.code === 'superseded'))
      return undefined;
    throw cause;
  }
}

/**
 * The secret of a rotation by schedule whose answer never came into the state, since the apply was killed or the state
 * could not be written. Asks for the rotation of back then once more: it is answered again, or refused, since `resource`
 * has been rotated since `prior`; it makes nothing. `undefined` if the rotation was somebody else's.
 */
export async function lostSecret(rotation: Rotation & { resource: JsonObject }): Promise<string | undefined> {
  const { schema, prior, resource } = rotation;
  const isSame = secretAttribute(schema) !== undefined && prior.uid === resource.uid;
  if (!isSame || SCHEDULES.every((name) => (prior[name] ?? null) === null)) return undefined;
  try {
    if (!(await mayRotate(rotation))) return undefined;
    const answered = (await rotateOnce(rotation))?.resource;
    if (answered?.rotated_at !== resource.rotated_at) return undefined;
    return typeof answered?.secret === 'string' ? answered.secret : undefined;
  } catch (cause) {
    // What is lost stays lost, and the refresh says so.
    if (cause instanceof ApiError || cause instanceof ConnectionError) return undefined;
    throw cause;
  }
}

/**
 * Whether the provider's token may rotate a token that has been rotated since `prior`. Whoever only plans often may not, and
 * an attempt that is refused would be on record with each plan; a question is not.
 */
async function mayRotate({ client, prior, adopt, signal }: Rotation): Promise<boolean> {
  try {
    await client.planRotate(String(prior.id), { if_rotated_at: String(prior.rotated_at) }, { adopt, signal });
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.code !== 'rotation-conflict') throw cause;
  }
  return true;
}
