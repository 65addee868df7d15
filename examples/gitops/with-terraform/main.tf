# What the platform team owns: where there is something to do, and what it takes.
terraform {
  required_providers {
    accredit = { source = "accredit/accredit" }
  }
}

resource "accredit_project" "shop" {
  name         = "shop"
  display_name = "Shop"
}

resource "accredit_role" "publisher" {
  name        = "publisher"
  permissions = ["builds.*"]
}

resource "accredit_service_account" "backup" {
  name   = "backup"
  grants = [{ role = "viewer" }]
}
