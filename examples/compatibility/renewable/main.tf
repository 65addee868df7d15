# Platformer, service accounts: of the organization or of one project, with permissions and roles of one's own making, and
# one token, which ends on a date if wanted and is renewed when it is lost.

terraform {
  required_providers {
    accredit = {
      source = "registry.terraform.io/accredit/accredit"
    }
  }
}

variable "renewals" {
  description = "Change an account's text, and the next apply renews its token."
  type        = map(string)
  default     = {}
}

resource "accredit_project" "this" {
  for_each = toset(["checkout", "billing"])

  name = each.key
}

# Changing the role takes effect on live tokens at once.
resource "accredit_role" "deployer" {
  name        = "deployer"
  permissions = ["apps.read", "clusters.read", "deployments.*"]
}

# Of the organization, with another role in each project.
resource "accredit_service_account" "release_train" {
  name = "release-train"

  grants = [
    { role = accredit_role.deployer.name, scope = "projects/${accredit_project.this["checkout"].name}" },
    { role = "viewer", scope = "projects/${accredit_project.this["billing"].name}" },
  ]
}

# Of one project: nothing that it is granted reaches beyond.
resource "accredit_service_account" "trial" {
  name  = "trial"
  scope = "projects/${accredit_project.this["billing"].name}"

  grants = [
    { role = "viewer", scope = "projects/${accredit_project.this["billing"].name}" },
  ]
}

# The profile "renewable" allows one token for each account, with an end or without. Whoever manages it renews it in
# place: the account with all of its grants stays, the old secret is dead at once and does not come back.
resource "accredit_service_account_token" "release_train" {
  account = accredit_service_account.release_train.name
  name    = "token"
  profile = "renewable"

  rotation_triggers = {
    renewal = lookup(var.renewals, "release-train", "first")
  }

  lifecycle {
    replace_triggered_by = [accredit_service_account.release_train.uid]
  }
}

# For somebody who tries something out; expires_at takes a date instead.
resource "accredit_service_account_token" "trial" {
  account    = accredit_service_account.trial.name
  name       = "token"
  profile    = "renewable"
  expires_in = "14d"

  rotation_triggers = {
    renewal = lookup(var.renewals, "trial", "first")
  }

  lifecycle {
    replace_triggered_by = [accredit_service_account.trial.uid]
  }
}

output "release_train_token" {
  value     = accredit_service_account_token.release_train.secret
  sensitive = true
}
