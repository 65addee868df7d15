variable "pipeline_token" {
  description = "The token of a service account."
  type        = string
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = can(provider::accredit::token_parse(var.pipeline_token))
    error_message = "This is no token, or a part of one is missing."
  }

  validation {
    condition     = try(provider::accredit::token_parse(var.pipeline_token).kind, "sa") == "sa"
    error_message = "This token is not that of a service account."
  }
}
