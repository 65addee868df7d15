import {
  to = accredit_service_account.ci
  id = "organizations/default/accounts/ci"
}

import {
  to = accredit_service_account_token.deploy
  id = "organizations/default/accounts/ci/tokens/deploy"
}
