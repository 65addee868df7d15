terraform import accredit_app.till organizations/default/apps/till
