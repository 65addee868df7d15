# In place of the resource in main.tf: Terraform forgets the account, and it stays as it is.
removed {
  from = accredit_service_account.backup

  lifecycle {
    destroy = false
  }
}
