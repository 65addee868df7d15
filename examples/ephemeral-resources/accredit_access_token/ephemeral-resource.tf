# A JWT for a service that verifies by itself. It stands for the provider's own token, and carries nothing but this.
ephemeral "accredit_access_token" "builds" {
  permissions = ["accounts.read"]
}

resource "terraform_data" "report" {
  provisioner "local-exec" {
    # curl -H "Authorization: Bearer $ACCESS_TOKEN" https://builds.example.com/report
    command = "test -n \"$ACCESS_TOKEN\""

    environment = {
      ACCESS_TOKEN = ephemeral.accredit_access_token.builds.access_token
    }
  }
}
