data "accredit_token_profiles" "all" {}

output "profiles_with_overlap" {
  value = [for profile in data.accredit_token_profiles.all.items : profile.name if profile.max_overlap != "0s"]
}
