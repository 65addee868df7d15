list "accredit_app" "mobile" {
  provider = accredit

  config {
    label = ["platform:mobile"]
  }
}
