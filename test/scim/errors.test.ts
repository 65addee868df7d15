import { expect } from 'chai';
import { Problem } from '../../daemon/domain/problem.ts';
import { Unavailable } from '../../daemon/domain/snapshot.ts';
import { toProblem } from '../../daemon/http/problems.ts';
import { badRequest, errorBody, fromProblem, taken } from '../../daemon/scim/errors.ts';
import { PROBLEM_CODES, type ProblemCode } from '../../terraform-provider-spec/problem-codes.ts';

describe('a SCIM error', () => {
  it('has its status as a string, and its keyword', () => {
    expect(errorBody(badRequest('invalidFilter', 'No.'))).to.deep.equal({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      scimType: 'invalidFilter',
      detail: 'No.',
      status: '400',
    });
  });

  it('has no keyword where RFC 7644 has none', () => {
    expect(errorBody(fromProblem(new Problem('not-found', 'there is no user bob')))).to.deep.equal({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      detail: 'There is no such resource.',
      status: '404',
    });
  });

  it('of every code of the domain has the status of the code, or 400 and a keyword', () => {
    for (const code of Object.keys(PROBLEM_CODES) as ProblemCode[]) {
      const { status, scimType } = fromProblem(new Problem(code, 'It cannot be.'));
      const tied = scimType !== undefined && scimType !== 'uniqueness';
      expect(status, code).to.equal(tied ? 400 : PROBLEM_CODES[code].status);
    }
    const keyword = (code: ProblemCode) => fromProblem(new Problem(code, 'It cannot be.')).scimType;
    expect(
      ['invalid', 'immutable', 'malformed-json', 'forbidden'].map((code) => keyword(code as ProblemCode)),
    ).to.deep.equal(['invalidValue', 'mutability', 'invalidSyntax', undefined]);
  });

  it('says uniqueness where a name is taken', () => {
    expect(taken('userName')).to.include({ status: 409, scimType: 'uniqueness' });
    expect(fromProblem(new Problem('user-name-taken', 'No.'))).to.include({ status: 409, scimType: 'uniqueness' });
    const failed = new Problem('precondition-failed', 'There is something already.');
    expect(fromProblem(failed, { creating: true })).to.include({ status: 409, scimType: 'uniqueness' });
    expect(fromProblem(failed)).to.include({ status: 412, scimType: undefined });
  });

  it('names an attribute as the client does', () => {
    const errors = [
      { pointer: '/email', detail: 'must be an e-mail address' },
      { pointer: '/display_name', detail: 'must not be longer than 256 characters' },
    ];
    const problem = new Problem('invalid', 'The request is not valid. /email: must be an e-mail address.', { errors });
    expect(fromProblem(problem).message).to.equal(
      'The resource is not valid. emails must be an e-mail address. displayName must not be longer than 256 characters.',
    );
  });

  it('of whatever is thrown is what the management API says, and never more', () => {
    expect(fromProblem(toProblem(new Unavailable('the disk is gone')))).to.include({ status: 503 });
    const unforeseen = errorBody(fromProblem(toProblem(new Error('at /var/lib/secret'))));
    expect(unforeseen).to.include({ status: '500' });
    expect(JSON.stringify(unforeseen)).to.not.include('/var/lib');
    const internal = new Problem('forbidden', 'No.', { internal: 'of another tenant' });
    expect(JSON.stringify(errorBody(fromProblem(internal)))).to.not.include('tenant');
  });

  it('never shows what looks like a token', () => {
    const body = errorBody(badRequest('invalidPath', 'A User has no attribute "acr_sa_abcdefghijklmnop".'));
    expect(body.detail).to.equal('A User has no attribute "acr_[redacted]".');
  });
});
