# Qualytics, service tokens: several for each service user, of a fixed lifetime, revoked and restored with the same
# secret, and deleted only once they are over.

terraform {
  required_providers {
    accredit = {
      source = "registry.terraform.io/accredit/accredit"
    }
  }
}

variable "revoked" {
  description = "The tokens to stop. Taking a name out again restores the token, with the secret that it had."
  type        = set(string)
  default     = []
}

resource "accredit_team" "data" {
  name = "data"
}

resource "accredit_role" "member" {
  name        = "member"
  permissions = ["datastores.read", "scans.run"]
}

resource "accredit_service_account" "quality_checks" {
  name         = "quality-checks"
  display_name = "Quality checks"
  teams        = [accredit_team.data.name]

  grants = [
    { role = accredit_role.member.name },
  ]
}

# The profile "revocable" takes 30, 60, 90 or 365 days or no end at all, wants display names that differ within one
# account, and lets nobody change a secret: make another token beside it, move over, and take the first one out. A live
# token cannot be deleted; the provider revokes it and deletes it in one step.
resource "accredit_service_account_token" "quality_checks" {
  for_each = {
    production = "365d"
    staging    = "90d"
  }

  account      = accredit_service_account.quality_checks.name
  name         = each.key
  display_name = title(each.key)
  profile      = "revocable"
  expires_in   = each.value
  state        = contains(var.revoked, each.key) ? "revoked" : "active"

  lifecycle {
    replace_triggered_by = [accredit_service_account.quality_checks.uid]
  }
}

# Opens /scim/v2/ for the identity provider, and nothing else.
resource "accredit_service_account_token" "directory" {
  account      = accredit_service_account.quality_checks.name
  name         = "directory"
  display_name = "Directory"
  profile      = "revocable"
  purpose      = "scim"

  lifecycle {
    replace_triggered_by = [accredit_service_account.quality_checks.uid]
  }
}

output "service_tokens" {
  value     = { for name, token in accredit_service_account_token.quality_checks : name => token.secret }
  sensitive = true
}
