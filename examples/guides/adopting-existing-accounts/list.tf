data "accredit_service_accounts" "all" {}

data "accredit_service_account_tokens" "all" {}

output "unmanaged" {
  value = [
    for each in concat(
      data.accredit_service_accounts.all.items[*],
      data.accredit_service_account_tokens.all.items[*],
    ) : each.id if each.managed_by == null
  ]
}
