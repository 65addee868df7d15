variable "alice_token" {
  description = "A token of the user alice. Nobody else can make a token of hers, no administrator either."
  type        = string
  sensitive   = true
  ephemeral   = true
}

provider "accredit" {
  token   = var.alice_token
  manager = "terraform/alice"
}

# Carries what she may do, here no more than reading, and only while she is active.
resource "accredit_personal_access_token" "laptop" {
  user        = "alice"
  name        = "laptop"
  expires_in  = "30d"
  permissions = ["accounts.read", "apps.read"]

  # Change it, and the next apply makes a new secret; the old one works until the new one is used for the first time.
  rotation_triggers = {
    month = "2027-01"
  }

  overlap         = "1d"
  retire_previous = "on_first_use"
}

output "laptop_token" {
  value     = accredit_personal_access_token.laptop.secret
  sensitive = true
}
