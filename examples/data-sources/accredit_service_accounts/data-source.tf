data "accredit_service_accounts" "production" {
  label = ["env:production"]
}

output "identifiers" {
  value = data.accredit_service_accounts.production.items[*].identifier
}
