terraform import 'accredit_app_token.till["fastlane"]' organizations/default/apps/till/tokens/fastlane
