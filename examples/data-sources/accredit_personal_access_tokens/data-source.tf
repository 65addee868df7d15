data "accredit_personal_access_tokens" "endless" {
  never_expires = true
}

output "endless_by_user" {
  value = { for token in data.accredit_personal_access_tokens.endless.items : token.user => token.name... }
}
