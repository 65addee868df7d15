data "accredit_organization" "default" {
  name = "default"
}

output "domain" {
  value = data.accredit_organization.default.settings.domain
}
