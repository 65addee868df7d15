resource "accredit_project" "shop" {
  name = "shop"
}

resource "accredit_team" "mobile" {
  name = "mobile"
}

# Grants at the project and at the team reach the app. With team isolation in the organization, accounts and users that
# have teams see it only if the mobile team is among them.
resource "accredit_app" "till" {
  name         = "till"
  display_name = "Till"
  project      = accredit_project.shop.name
  teams        = [accredit_team.mobile.name]
}
