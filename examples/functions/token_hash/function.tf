variable "token" {
  description = "A token that was made elsewhere."
  type        = string
  sensitive   = true
}

# The hash is no secret: with it nobody can find the token.
output "token_hash" {
  value = nonsensitive(provider::accredit::token_hash(var.token))
}
