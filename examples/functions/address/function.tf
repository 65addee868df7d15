import {
  to = accredit_service_account.legacy
  id = provider::accredit::address("service_account", "default", "legacy")
}

resource "accredit_service_account" "legacy" {
  name = "legacy"
}
