npx accredit token
