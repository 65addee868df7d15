# Beside the resource, which is in main.tf again: Terraform takes the account over as it is.
import {
  to = accredit_service_account.backup
  id = "organizations/default/accounts/backup"
}
