data "accredit_role" "viewer" {
  name = "viewer"
}

output "viewer_permissions" {
  value = data.accredit_role.viewer.permissions
}
