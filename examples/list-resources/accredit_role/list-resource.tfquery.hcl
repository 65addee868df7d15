# Those that are built in are left out: nobody can manage them.
list "accredit_role" "own" {
  provider = accredit
}
