list "accredit_service_account" "production" {
  provider = accredit

  config {
    label = ["env:production"]
  }
}
