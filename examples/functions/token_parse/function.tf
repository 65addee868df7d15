variable "app_token" {
  description = "A token of an app."
  type        = string
  sensitive   = true

  validation {
    condition     = can(provider::accredit::token_parse(var.app_token))
    error_message = "This is no well-formed token."
  }
}

output "belongs_to" {
  value = nonsensitive(provider::accredit::token_parse(var.app_token).resource_type)
}
