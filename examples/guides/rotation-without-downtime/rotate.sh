terraform apply -var quarter=2027-Q2
