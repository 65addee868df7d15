terraform import accredit_team.mobile organizations/default/teams/mobile
