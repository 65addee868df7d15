locals {
  integrations = toset(["backup", "reports"])
}

import {
  for_each = local.integrations
  to       = accredit_service_account.integration[each.key]
  id       = "organizations/default/accounts/${each.key}"
}

resource "accredit_service_account" "integration" {
  for_each = local.integrations

  name = each.key

  grants = [
    { role = "viewer" },
  ]
}
