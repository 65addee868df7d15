variable "quarter" {
  description = "Another text rotates the secret."
  type        = string
  default     = "2027-Q1"
}

resource "accredit_service_account" "worker" {
  name = "worker"

  grants = [
    { role = "viewer" },
  ]
}

resource "accredit_service_account_token" "worker" {
  account    = accredit_service_account.worker.name
  name       = "queue"
  expires_in = "120d"
  overlap    = "2d"

  rotation_triggers = {
    quarter = var.quarter
  }

  lifecycle {
    replace_triggered_by = [accredit_service_account.worker.uid]
  }
}
