data "accredit_users" "all" {}

output "inactive_users" {
  value = [for user in data.accredit_users.all.items : user.name if !user.active]
}
