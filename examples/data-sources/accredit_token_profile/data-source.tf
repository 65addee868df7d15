# The built-in profiles can be read like any other.
data "accredit_token_profile" "revocable" {
  name = "revocable"
}

output "revocable_lifetimes" {
  value = data.accredit_token_profile.revocable.allowed_lifetimes
}
