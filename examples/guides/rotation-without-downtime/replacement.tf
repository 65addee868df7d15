resource "accredit_service_account_token" "report" {
  account = accredit_service_account.worker.name
  name    = "report"
  overlap = "1h"

  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "report" {
  triggers_replace = [accredit_service_account_token.report.rotated_at]

  provisioner "local-exec" {
    command = "umask 077 && printenv SECRET > report.token"

    environment = {
      SECRET = accredit_service_account_token.report.secret
    }
  }
}
