resource "accredit_team" "mobile" {
  name = "mobile"
}

# Declares that there is such a person and what she may do. Her credentials are her own: she makes them with an enrolment
# that an administrator hands over once (POST /v1/organizations/default/users/alice/enrolment).
resource "accredit_user" "alice" {
  name         = "alice"
  display_name = "Alice Doe"
  email        = "alice@example.com"
  teams        = [accredit_team.mobile.name]

  grants = [
    { role = "viewer" },
    { role = "developer", scope = "teams/${accredit_team.mobile.name}" },
  ]

  # Set to false when she leaves, and none of her tokens works any more.
  active = true
}
