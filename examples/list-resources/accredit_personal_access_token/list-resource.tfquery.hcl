list "accredit_personal_access_token" "endless" {
  provider = accredit

  config {
    never_expires = true
  }
}
