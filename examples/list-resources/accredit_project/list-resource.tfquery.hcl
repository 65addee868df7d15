list "accredit_project" "all" {
  provider = accredit

  config {
    label = ["cost:a-17"]
  }
}
