resource "accredit_service_account" "deployer" {
  name        = "deployer"
  description = "Deploys the shop"

  grants = [
    { role = "viewer" },
  ]
}
