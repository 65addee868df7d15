data "accredit_app_token" "fastlane" {
  app  = "till"
  name = "fastlane"
}

# "never" or "used": whether anybody would miss it.
output "fastlane_usage" {
  value = data.accredit_app_token.fastlane.usage
}
