terraform apply -replace='accredit_service_account.integration["ci-pipeline"]'
