# Tokens under this profile live for a month or a quarter, are rotated by whoever manages them and not by whoever holds
# them, and are presented as "Authorization: Bearer". Two of them for each account leave room for a second consumer.
resource "accredit_token_profile" "quarterly" {
  name         = "quarterly"
  display_name = "Quarterly"

  max_tokens        = 2
  expiry            = "required"
  allowed_lifetimes = ["30d", "90d"]
  regenerate        = "admin"
  max_overlap       = "7d"
  schemes           = ["bearer"]
}

resource "accredit_service_account" "reporting" {
  name = "reporting"
}

# The profile of a token cannot change: another one makes another token.
resource "accredit_service_account_token" "reporting" {
  account    = accredit_service_account.reporting.name
  name       = "nightly"
  profile    = accredit_token_profile.quarterly.name
  expires_in = "90d"
  overlap    = "7d"

  lifecycle {
    replace_triggered_by = [accredit_service_account.reporting.uid]
  }
}
