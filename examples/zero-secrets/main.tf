# A token whose secret is in no state, no plan and no daemon: Terraform makes it while it applies, hands its hash to
# Accredit and the secret itself to where it is used, and forgets it.

terraform {
  required_version = ">= 1.11"

  required_providers {
    accredit = {
      source = "registry.terraform.io/accredit/accredit"
    }
  }
}

variable "seed" {
  description = "What the secret is derived from. `openssl rand -hex 32` prints a good one; keep it where you keep secrets."
  type        = string
  ephemeral   = true
}

variable "secret_version" {
  description = "Another one gives another secret, everywhere at once."
  type        = string
  default     = "1"
}

provider "accredit" {
  # Whatever would put a secret into the state is an error from now on.
  forbid_secrets_in_state = true
}

# The seed makes plan, apply and a repeated apply agree: after an apply that failed half-way, the next one puts the same
# secret wherever it is still missing. It costs that the seed is worth as much as all that is derived from it.
ephemeral "accredit_generated_secret" "deploy" {
  address = provider::accredit::address("service_account_token", "default", "deploy", "main")
  version = var.secret_version
  seed    = var.seed
}

resource "accredit_service_account" "deploy" {
  name = "deploy"

  grants = [
    { role = "viewer" },
  ]
}

# Accredit gets the hash. The former secret works for another hour after a change, so that nobody is cut off meanwhile.
resource "accredit_service_account_token" "deploy" {
  account                = accredit_service_account.deploy.name
  name                   = "main"
  overlap                = "1h"
  secret_hash_wo         = ephemeral.accredit_generated_secret.deploy.secret_hash
  secret_hash_wo_version = var.secret_version
}
