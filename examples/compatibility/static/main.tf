# Applivery, service accounts: one bearer token for each, shown once, without an end, and never regenerated. To rotate is
# to delete the account and to create it again.

terraform {
  required_providers {
    accredit = {
      source = "registry.terraform.io/accredit/accredit"
    }
  }
}

locals {
  # One account for each integration, with the weakest role that will do: "admin", "developer" or "viewer".
  integrations = {
    ci-pipeline  = "developer"
    device-cloud = "viewer"
  }
}

resource "accredit_service_account" "integration" {
  for_each = local.integrations

  name = each.key

  grants = [
    { role = each.value },
  ]
}

# The profile "static" allows one token for each account, forbids an expiry and every change of the secret in place, and
# takes the token as "Authorization: Bearer" only. So there are no rotation_triggers here. For a new secret, replace:
#
#   terraform apply -replace='accredit_service_account.integration["ci-pipeline"]'
#
# The old secret answers 401 from then on; the other integrations do not notice.
resource "accredit_service_account_token" "integration" {
  for_each = local.integrations

  account = accredit_service_account.integration[each.key].name
  name    = "bearer"
  profile = "static"

  lifecycle {
    replace_triggered_by = [accredit_service_account.integration[each.key].uid]
  }
}

output "bearer_tokens" {
  value     = { for name, token in accredit_service_account_token.integration : name => token.secret }
  sensitive = true
}
