resource "accredit_service_account" "ci" {
  name = "ci"

  grants = [
    { role = "viewer" },
  ]
}
