resource "accredit_service_account" "deployer" {
  name = "deployer"

  grants = [
    { role = "viewer" },
  ]
}

# Change a trigger, and the next apply makes a new secret; the old one works for another 12 hours.
resource "accredit_service_account_token" "pipeline" {
  account    = accredit_service_account.deployer.name
  name       = "pipeline"
  expires_in = "90d"
  overlap    = "12h"

  rotation_triggers = {
    quarter = "2027-Q1"
  }

  lifecycle {
    # A new account starts without tokens, even under the name of the old one.
    replace_triggered_by = [accredit_service_account.deployer.uid]
  }
}

# An apply in the last two weeks before its end makes a new secret; the plan says so.
resource "accredit_service_account_token" "nightly" {
  account              = accredit_service_account.deployer.name
  name                 = "nightly"
  expires_in           = "90d"
  rotate_before_expiry = "14d"
  overlap              = "2d"

  lifecycle {
    replace_triggered_by = [accredit_service_account.deployer.uid]
  }
}

output "pipeline_token" {
  value     = accredit_service_account_token.pipeline.secret
  sensitive = true
}

variable "backup_token_hash" {
  description = "The SHA-256 of a token that was made elsewhere: sha256: and 64 hexadecimal digits."
  type        = string
  ephemeral   = true
}

# Neither the daemon nor the state ever holds this secret. Change the version together with the hash.
resource "accredit_service_account_token" "backup" {
  account                = accredit_service_account.deployer.name
  name                   = "backup"
  secret_hash_wo         = var.backup_token_hash
  secret_hash_wo_version = "1"

  lifecycle {
    replace_triggered_by = [accredit_service_account.deployer.uid]
  }
}
