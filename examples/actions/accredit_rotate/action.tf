variable "deploy_token_hash" {
  description = "The hash of a token that was made elsewhere, as `npx accredit token` prints it."
  type        = string
}

# terraform apply -invoke=action.accredit_rotate.deploy
action "accredit_rotate" "deploy" {
  config {
    address     = "organizations/default/accounts/ci/tokens/deploy"
    secret_hash = var.deploy_token_hash
    overlap     = "1d"
  }
}
