variable "seed" {
  description = "What secrets are derived from: 32 random characters or more, kept where you keep secrets."
  type        = string
  ephemeral   = true
}

locals {
  # Raise it, and the next apply replaces the secret, here and wherever it is stored.
  secret_version = "1"
}

resource "accredit_service_account" "uploader" {
  name = "uploader"
}

# Plan, apply and a repeated apply all get the same secret.
ephemeral "accredit_generated_secret" "uploader" {
  address = provider::accredit::address("service_account_token", "default", "uploader", "main")
  version = local.secret_version
  seed    = var.seed
}

resource "accredit_service_account_token" "uploader" {
  account           = accredit_service_account.uploader.name
  name              = "main"
  secret_wo         = ephemeral.accredit_generated_secret.uploader.secret
  secret_wo_version = local.secret_version
}
