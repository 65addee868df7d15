data "accredit_service_account" "root" {
  name = "root"
}

output "root_identifier" {
  value = data.accredit_service_account.root.identifier
}
