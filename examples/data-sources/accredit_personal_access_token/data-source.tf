# Administrators see that it is there and what it may do, never the secret.
data "accredit_personal_access_token" "laptop" {
  user = "alice"
  name = "laptop"
}

output "laptop_valid_until" {
  value = data.accredit_personal_access_token.laptop.valid_until
}
