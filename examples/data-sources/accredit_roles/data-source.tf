# The built-in roles are among them.
data "accredit_roles" "all" {}

output "roles_that_rotate" {
  value = [for role in data.accredit_roles.all.items : role.name if contains(role.permissions, "tokens.rotate")]
}
