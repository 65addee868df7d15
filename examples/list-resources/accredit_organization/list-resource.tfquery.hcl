list "accredit_organization" "all" {
  provider = accredit

  config {
    label = ["tier:gold"]
  }
}
