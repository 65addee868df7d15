provider "accredit" {
  manager = "terraform/platform"
}
