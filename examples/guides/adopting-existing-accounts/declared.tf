variable "quarter" {
  description = "Another text rotates the secret."
  type        = string
  default     = "2027-Q1"
}

resource "accredit_service_account" "ci" {
  name = "ci"

  grants = [
    { role = "viewer" },
  ]
}

resource "accredit_service_account_token" "deploy" {
  account    = accredit_service_account.ci.name
  name       = "deploy"
  expires_in = "90d"
  overlap    = "12h"

  rotation_triggers = {
    quarter = var.quarter
  }

  lifecycle {
    replace_triggered_by = [accredit_service_account.ci.uid]
  }
}
