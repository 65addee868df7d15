data "accredit_team" "mobile" {
  name = "mobile"
}

output "mobile_description" {
  value = data.accredit_team.mobile.description
}
