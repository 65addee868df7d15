/** The objects that a request and its answer are. */
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Express } from 'express';

/** As `http.createServer` takes them. */
export interface MessageClasses {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse;
}

/**
 * Classes for the messages of a server whose requests `app` handles, which from now on needs messages of these. Express gives
 * every message its own prototype, and one whose prototype was changed is of another sort to V8: all code of Node that
 * handles messages then meets several sorts, which is much slower. A message of these has that prototype already.
 */
export function messageClasses(app: Express): MessageClasses {
  class Request extends IncomingMessage {}
  class Response<Of extends IncomingMessage = IncomingMessage> extends ServerResponse<Of> {}
  Object.setPrototypeOf(Request.prototype, app.request);
  Object.setPrototypeOf(Response.prototype, app.response);
  app.request = Request.prototype as typeof app.request;
  app.response = Response.prototype as typeof app.response;
  return { IncomingMessage: Request, ServerResponse: Response };
}
