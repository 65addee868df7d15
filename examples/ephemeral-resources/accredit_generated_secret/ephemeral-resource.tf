variable "seed" {
  description = "What `openssl rand -hex 32` prints, kept where only those who run Terraform get at it."
  type        = string
  sensitive   = true
  ephemeral   = true
}

locals {
  # Another text makes another secret.
  secret_version = "2027-Q1"
}

ephemeral "accredit_generated_secret" "pipeline" {
  address = provider::accredit::address("service_account_token", "default", "deployer", "pipeline")
  version = local.secret_version
  seed    = var.seed
}

resource "accredit_service_account" "deployer" {
  name = "deployer"
}

resource "accredit_service_account_token" "pipeline" {
  account           = accredit_service_account.deployer.name
  name              = "pipeline"
  overlap           = "1d"
  secret_wo         = ephemeral.accredit_generated_secret.pipeline.secret
  secret_wo_version = local.secret_version
}
