variable "backup_token" {
  description = "A token that was made elsewhere, by `npx accredit token` say."
  type        = string
  sensitive   = true
  ephemeral   = true
}

resource "accredit_service_account" "deployer" {
  name = "deployer"
}

resource "accredit_service_account_token" "backup" {
  account                = accredit_service_account.deployer.name
  name                   = "backup"
  secret_hash_wo         = provider::accredit::token_hash(var.backup_token)
  secret_hash_wo_version = "1"
}
