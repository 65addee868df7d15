# All that the provider's token may see. With a `config` block only those that a filter keeps.
list "accredit_team" "all" {
  provider = accredit
}
