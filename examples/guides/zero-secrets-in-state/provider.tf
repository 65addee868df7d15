provider "accredit" {
  forbid_secrets_in_state = true
}
