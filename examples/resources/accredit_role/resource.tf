# Nouns that are not Accredit's own, such as "builds", are for the services that ask Accredit what a token may do. A
# change of the role takes effect on live tokens at once.
resource "accredit_role" "release_manager" {
  name         = "release-manager"
  display_name = "Release manager"
  permissions  = ["apps.read", "builds.read", "builds.publish"]
}

resource "accredit_service_account" "publisher" {
  name = "publisher"

  grants = [
    { role = accredit_role.release_manager.name },
  ]
}
