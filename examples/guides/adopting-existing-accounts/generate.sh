terraform plan -generate-config-out=generated.tf
terraform apply
