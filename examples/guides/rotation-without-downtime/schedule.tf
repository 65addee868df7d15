resource "accredit_service_account_token" "batch" {
  account              = accredit_service_account.worker.name
  name                 = "batch"
  expires_in           = "90d"
  rotate_before_expiry = "21d"
  overlap              = "7d"

  lifecycle {
    replace_triggered_by = [accredit_service_account.worker.uid]
  }
}
