variable "deploy_token_hash" {
  description = "The hash of the token, which is no secret. Another one rotates."
  type        = string
}

resource "accredit_service_account_token" "deploy" {
  account                = accredit_service_account.ci.name
  name                   = "deploy"
  overlap                = "2d"
  secret_hash_wo         = var.deploy_token_hash
  secret_hash_wo_version = var.deploy_token_hash
}
