resource "accredit_app" "till" {
  name = "till"
}

# One token for each integration: each can be replaced or removed without a word to the others. They open this app for
# the services that serve it, and nothing else.
resource "accredit_app_token" "till" {
  for_each = toset(["fastlane", "nightly-build"])

  app        = accredit_app.till.name
  name       = each.key
  expires_in = "365d"

  lifecycle {
    replace_triggered_by = [accredit_app.till.uid]
  }
}

output "till_tokens" {
  value     = { for name, token in accredit_app_token.till : name => token.secret }
  sensitive = true
}
