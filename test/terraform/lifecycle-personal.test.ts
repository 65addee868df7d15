/** Personal access tokens, with the real Terraform as the user they belong to: nobody else can make one. */
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { declareLifecycle, LIFECYCLES, userWithToken } from './lifecycle.ts';

describe('the life of personal access tokens in Terraform', () => {
  declareLifecycle(LIFECYCLES.personal, {
    given: [kindNamed('organization'), kindNamed('user')],
    prepare: userWithToken,
  });
});
