terraform {
  required_providers {
    accredit = {
      source = "registry.terraform.io/accredit/accredit"
    }
  }
}

# The token is best given as ACCREDIT_TOKEN, or ACCREDIT_TOKEN_FILE with the path of a file that holds it.
provider "accredit" {
  endpoint = "http://127.0.0.1:7345"

  # Give each configuration a name of its own: none can then change what another one declares.
  manager = "terraform/platform"
}
