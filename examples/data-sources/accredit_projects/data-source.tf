# A label without a value keeps whatever has that label.
data "accredit_projects" "billed" {
  label = ["cost-centre"]
}

output "billed_projects" {
  value = data.accredit_projects.billed.items[*].name
}
