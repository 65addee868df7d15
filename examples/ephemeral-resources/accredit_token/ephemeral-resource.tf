# Opened while Terraform plans and while it applies, and deleted right behind. Should Terraform be killed, it ends after
# five minutes by itself.
ephemeral "accredit_token" "reader" {
  account     = "root"
  expires_in  = "5m"
  permissions = ["accounts.read"]
}

# The provider once more, with a token that opens nothing but this. It can be given to any other provider, too.
provider "accredit" {
  alias = "reader"
  token = ephemeral.accredit_token.reader.secret
}

data "accredit_service_account" "root" {
  provider = accredit.reader
  name     = "root"
}
