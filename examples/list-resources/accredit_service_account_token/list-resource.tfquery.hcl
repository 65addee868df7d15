# Of all accounts of the organization; with `account` of that one.
list "accredit_service_account_token" "live" {
  provider = accredit

  config {
    status = "active"
  }
}
