# BrowserStack, service accounts: an account of the organization or of a team, with one access key that is presented by
# HTTP Basic and that its holder can recycle.

terraform {
  required_providers {
    accredit = {
      source = "registry.terraform.io/accredit/accredit"
    }
  }
}

resource "accredit_team" "mobile" {
  name = "mobile"
}

# Lives in the team: its grants reach no further, and whoever is "team-admin" there manages it. It stays in the team
# whatever becomes of whoever made it.
resource "accredit_service_account" "jenkins" {
  name  = "jenkins"
  scope = "teams/${accredit_team.mobile.name}"

  grants = [
    { role = "developer", scope = "teams/${accredit_team.mobile.name}" },
  ]
}

# Without a team it is an account of the organization.
resource "accredit_service_account" "reports" {
  name = "reports"

  grants = [
    { role = "viewer" },
  ]
}

# The profile "self-recycling" allows one key for each account, without an end. Its holder exchanges it by itself, and
# the old one is dead at once:
#
#   curl -u "jenkins:$KEY" -X POST https://accredit.example.com/v1/self/rotate
#
# Terraform does not work against that: the next plan says that the key in the state is no longer the current one, and
# changes nothing. To have Terraform make a new key, change the trigger.
resource "accredit_service_account_token" "jenkins" {
  account = accredit_service_account.jenkins.name
  name    = "access-key"
  profile = "self-recycling"

  rotation_triggers = {
    recycled = "2027-01"
  }

  lifecycle {
    replace_triggered_by = [accredit_service_account.jenkins.uid]
  }
}

resource "accredit_service_account_token" "reports" {
  account = accredit_service_account.reports.name
  name    = "access-key"
  profile = "self-recycling"

  lifecycle {
    replace_triggered_by = [accredit_service_account.reports.uid]
  }
}

output "jenkins_key" {
  value     = accredit_service_account_token.jenkins.secret
  sensitive = true
}
