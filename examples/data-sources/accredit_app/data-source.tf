data "accredit_app" "till" {
  name = "till"
}

output "till_teams" {
  value = data.accredit_app.till.teams
}
