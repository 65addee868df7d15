data "accredit_teams" "all" {}

output "teams" {
  value = { for team in data.accredit_teams.all.items : team.name => team.description }
}
