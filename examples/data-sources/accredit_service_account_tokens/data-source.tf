# Of all accounts of the organization; with account = "ci" of that one.
data "accredit_service_account_tokens" "ending" {
  status            = "active"
  expires_before    = "2027-04-01T00:00:00Z"
  without_successor = true
}

output "ending_without_successor" {
  value = { for token in data.accredit_service_account_tokens.ending.items : token.id => token.valid_until }
}

data "accredit_service_account_tokens" "unused" {
  status       = "active"
  unused_since = "2026-10-01T00:00:00Z"
}

output "unused" {
  value = { for token in data.accredit_service_account_tokens.unused.items : token.id => token.last_used_at }
}
