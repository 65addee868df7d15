/** Who calls, and with what. */

/** What a client presented to authenticate itself. */
export interface Credential {
  readonly scheme: 'bearer' | 'basic' | 'api-key';
  readonly token: string;
  /** The account's name or identifier, where one came with it: always with `basic`. */
  readonly username?: string;
}

/**
 * What a credential opens: the API, one app's services, SCIM, the creation of a user's own tokens, or, with an access
 * token, any service that asks, and nothing of Accredit itself.
 */
export type Audience = 'api' | 'app' | 'scim' | 'enrolment' | 'services';

/** Who asks, from where, in which request. */
export interface Caller {
  readonly credential: Credential;
  readonly ip: string | null;
  readonly requestId: string;
  /** What the credential must be for; the API if left out. */
  readonly audience?: 'api' | 'scim';
}
