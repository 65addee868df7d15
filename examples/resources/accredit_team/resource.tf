resource "accredit_team" "mobile" {
  name         = "mobile"
  display_name = "Mobile"
  description  = "Builds the apps"
}

# Makes service accounts that live in the team, and their tokens. Accounts that live elsewhere do not exist for it. Nobody
# hands on more than they hold: to give those accounts the role "developer" there, it holds that role itself.
resource "accredit_service_account" "mobile_admin" {
  name = "mobile-admin"

  grants = [
    { role = "team-admin", scope = "teams/${accredit_team.mobile.name}" },
    { role = "developer", scope = "teams/${accredit_team.mobile.name}" },
  ]
}
