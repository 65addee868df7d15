curl -sf -X PUT "$ACCREDIT_ENDPOINT/v1/organizations/default/accounts/ci" \
  -H "Authorization: Bearer $ACCREDIT_TOKEN" -H 'Accredit-Adopt: true' \
  -H 'Content-Type: application/json' -d '{"grants": [{"role": "viewer"}], "disabled": true}'
