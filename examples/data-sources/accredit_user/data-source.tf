data "accredit_user" "alice" {
  name = "alice"
}

output "alice_email" {
  value = data.accredit_user.alice.email
}
