import { expect } from 'chai';
import { ScimError, type ScimType } from '../../daemon/scim/errors.ts';

/** Expects that `run` is refused with status 400 and this keyword, and gives the text that the client is told. */
export function refused(scimType: ScimType, run: () => unknown, where?: string): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    expect({ status: error.status, scimType: error.scimType }, where ?? error.message).to.deep.equal({
      status: 400,
      scimType,
    });
    return error.message;
  }
  return expect.fail(`${where ?? 'it'} was not refused`);
}
