resource "accredit_organization" "acme" {
  name         = "acme"
  display_name = "Acme"

  labels = {
    tier = "gold"
  }

  settings = {
    domain      = "iam.example.com"
    purge_after = "90d"
  }
}
