data "accredit_app_tokens" "till" {
  app   = "till"
  usage = "never"
}

output "never_used" {
  value = data.accredit_app_tokens.till.items[*].name
}
