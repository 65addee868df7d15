data "accredit_organizations" "all" {}

output "organizations" {
  value = data.accredit_organizations.all.items[*].name
}
