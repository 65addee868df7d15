curl -s "$ACCREDIT_ENDPOINT/v1/organizations/default/accounts" -H "Authorization: Bearer $ACCREDIT_TOKEN" |
  grep -o '"address":"[^"]*"'
