# A token of an account that is there already, for this run alone: plan and apply open one each.
ephemeral "accredit_token" "auditor" {
  account     = "auditor"
  expires_in  = "15m"
  permissions = ["accounts.read"]
}

provider "accredit" {
  alias = "auditor"
  token = ephemeral.accredit_token.auditor.secret
}

# Looked up with what the account may do, and not with what whoever runs Terraform may do.
data "accredit_service_account" "auditor" {
  provider = accredit.auditor
  name     = "auditor"
}
