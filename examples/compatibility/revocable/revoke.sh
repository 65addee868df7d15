terraform apply -var 'revoked=["staging"]'
