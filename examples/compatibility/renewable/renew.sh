terraform apply -var 'renewals={"release-train":"second"}'
