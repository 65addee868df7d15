removed {
  from = accredit_service_account.ci

  lifecycle {
    destroy = false
  }
}

removed {
  from = accredit_service_account_token.deploy

  lifecycle {
    destroy = false
  }
}
