list "accredit_user" "berlin" {
  provider = accredit

  config {
    label = ["office:berlin"]
  }
}
