terraform import accredit_user.alice organizations/default/users/alice
