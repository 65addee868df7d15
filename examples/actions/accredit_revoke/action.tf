# terraform apply -invoke=action.accredit_revoke.deploy
action "accredit_revoke" "deploy" {
  config {
    address = "organizations/default/accounts/ci/tokens/deploy"
    reason  = "compromised"
  }
}
