# Runs once for each secret. The command stands for whatever hands it on.
resource "terraform_data" "delivery" {
  triggers_replace = [accredit_service_account_token.worker.rotated_at]

  provisioner "local-exec" {
    command = "umask 077 && printenv SECRET > worker.token"

    environment = {
      SECRET = accredit_service_account_token.worker.secret
    }
  }
}
