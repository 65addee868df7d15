resource "accredit_service_account" "deployer" {
  name = "deployer"
}

# The id is known before there is such an account, which the attribute `id` of a resource is not always.
output "deployer_address" {
  value = provider::accredit::address("service_account", "default", "deployer")
}
