resource "accredit_service_account_token" "cron" {
  account         = accredit_service_account.worker.name
  name            = "cron"
  overlap         = "7d"
  retire_previous = "on_first_use"

  rotation_triggers = {
    quarter = var.quarter
  }

  lifecycle {
    replace_triggered_by = [accredit_service_account.worker.uid]
  }
}
