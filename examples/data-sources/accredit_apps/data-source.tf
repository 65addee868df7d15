data "accredit_apps" "production" {
  label = ["env:production"]
}

output "apps_of_mobile" {
  value = [for app in data.accredit_apps.production.items : app.name if contains(app.teams, "mobile")]
}
