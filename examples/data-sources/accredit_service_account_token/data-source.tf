data "accredit_service_account_token" "bootstrap" {
  account = "root"
  name    = "bootstrap"
}

output "bootstrap_last_used" {
  value = data.accredit_service_account_token.bootstrap.last_used_at
}
