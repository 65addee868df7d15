ephemeral "accredit_access_token" "catalog" {
  permissions = ["apps.read"]
}

# For whatever takes it in place of a password: the configuration of another provider, a write-only argument, a provisioner.
resource "terraform_data" "catalog" {
  provisioner "local-exec" {
    command = "curl -sf \"$ACCREDIT_ENDPOINT/v1/authorize?permission=apps.read\" -H \"Authorization: Bearer $ACCESS_TOKEN\""

    environment = {
      ACCESS_TOKEN = ephemeral.accredit_access_token.catalog.access_token
    }
  }
}
