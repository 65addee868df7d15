# Applivery, app API tokens: any number for each app, one for each integration, valid until they are deleted. A deleted
# one does not come back.

terraform {
  required_providers {
    accredit = {
      source = "registry.terraform.io/accredit/accredit"
    }
  }
}

variable "integrations" {
  description = "What uploads to the app, by a name for its token. Taking one out ends that token and no other."
  type        = map(string)

  default = {
    azure    = "Azure DevOps pipeline"
    bitrise  = "Bitrise CI"
    fastlane = "Fastlane release"
  }
}

resource "accredit_app" "shop" {
  name         = "shop"
  display_name = "Shop"
}

# The tokens open this app for the services that serve it: no other app, and not Accredit's own API. The profile
# "app-static" forbids an expiry and every change of the secret. To rotate without a gap, add a second integration, move
# the pipeline over, and take the first one out.
resource "accredit_app_token" "integration" {
  for_each = var.integrations

  app          = accredit_app.shop.name
  name         = each.key
  display_name = each.value
  profile      = "app-static"

  lifecycle {
    replace_triggered_by = [accredit_app.shop.uid]
  }
}

output "app_tokens" {
  value     = { for name, token in accredit_app_token.integration : name => token.secret }
  sensitive = true
}
