resource "accredit_organization" "acme" {
  name         = "acme"
  display_name = "Acme"

  labels = {
    tier = "gold"
  }

  settings = {
    domain      = "iam.example.com"
    purge_after = "90d"

    # Accounts and users that have teams see the apps of those teams and no others.
    team_isolation = true

    # "block" refuses a token that would live longer or for ever; "warn" says so in the plan and makes it.
    max_token_lifetime = {
      duration = "365d"
      mode     = "warn"
    }
  }
}
