/** What is told of requests to whoever counts them. */

/** What a question about a token comes to. */
export type Decision = 'allowed' | 'forbidden' | 'unauthenticated' | 'limited' | 'error';

/** A request and how it ended. */
export interface EndedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Undefined when the connection broke before the answer was sent. */
  readonly status: number | undefined;
  /** How long it took. */
  readonly seconds: number;
  /** Where the status alone does not say it. */
  readonly decision?: Decision | undefined;
  /** The limit that held it back. */
  readonly limited?: 'failures' | 'use' | undefined;
}

export interface RequestObserver {
  ended(request: EndedRequest): void;
}
