/** Everything that an organization holds but the tokens, and the organization itself, with the real Terraform. */
import { expect } from 'chai';
import { KINDS } from '../../terraform-provider-spec/kinds/index.ts';
import { declareLifecycle, LIFECYCLES } from './lifecycle.ts';

describe('the life of resources in Terraform', () => {
  declareLifecycle(LIFECYCLES.resources);

  it('is walked through for every kind, here or beside this', () => {
    expect(Object.values(LIFECYCLES).flat()).to.have.members([...KINDS]);
  });
});
