curl -sf -u "jenkins:$KEY" -X POST "$ACCREDIT_ENDPOINT/v1/self/rotate"
