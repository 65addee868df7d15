# Those that are built in are left out: nobody can manage them.
list "accredit_token_profile" "own" {
  provider = accredit
}
