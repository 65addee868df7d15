list "accredit_app_token" "till" {
  provider = accredit

  config {
    app    = "till"
    status = "active"
  }
}
