# Where the secret goes. Every way takes it while Terraform applies, and stores nothing of it in the state: a write-only
# argument, or the environment of a command.

# 1. A command, which is what any store of secrets has. Here it writes a file; with Vault's command line, it would be:
#
#      command = "printf %s \"$SECRET\" | vault kv put -mount=secret deploy token=-"

variable "secret_file" {
  description = "The file from which the workload reads its token."
  type        = string
  default     = "deploy-token"
}

resource "terraform_data" "stored" {
  triggers_replace = [var.secret_version]

  provisioner "local-exec" {
    command = "umask 077 && printf %s \"$SECRET\" > \"$SECRET_FILE\""

    environment = {
      SECRET      = ephemeral.accredit_generated_secret.deploy.secret
      SECRET_FILE = var.secret_file
    }
  }

  # The token works before anybody finds it.
  depends_on = [accredit_service_account_token.deploy]
}

# 2. A write-only argument: here that of a second installation of Accredit, where the same token is to open the standby
#    site.

variable "standby_endpoint" {
  description = "The second installation."
  type        = string
}

variable "standby_token" {
  description = "The token for it."
  type        = string
  ephemeral   = true
}

provider "accredit" {
  alias                   = "standby"
  endpoint                = var.standby_endpoint
  token                   = var.standby_token
  forbid_secrets_in_state = true
}

resource "accredit_service_account" "standby" {
  provider = accredit.standby
  name     = "deploy"

  grants = [
    { role = "viewer" },
  ]
}

resource "accredit_service_account_token" "standby" {
  provider          = accredit.standby
  account           = accredit_service_account.standby.name
  name              = "main"
  overlap           = "1h"
  secret_wo         = ephemeral.accredit_generated_secret.deploy.secret
  secret_wo_version = var.secret_version
}

# 3. The same in a store that has a provider of its own:
#
#      resource "vault_kv_secret_v2" "deploy" {
#        mount                = "secret"
#        name                 = "deploy"
#        data_json_wo         = jsonencode({ token = ephemeral.accredit_generated_secret.deploy.secret })
#        data_json_wo_version = var.secret_version
#      }
#
#      resource "aws_secretsmanager_secret_version" "deploy" {
#        secret_id                = aws_secretsmanager_secret.deploy.id
#        secret_string_wo         = ephemeral.accredit_generated_secret.deploy.secret
#        secret_string_wo_version = var.secret_version
#      }
