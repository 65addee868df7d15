# Warns in every plan until the new token is used for the first time.
check "moved" {
  data "accredit_service_account_token" "ci_pipeline" {
    account = "ci-pipeline"
    name    = "bearer"
  }

  assert {
    condition     = data.accredit_service_account_token.ci_pipeline.usage == "used"
    error_message = "ci-pipeline does not use its new token yet."
  }
}
