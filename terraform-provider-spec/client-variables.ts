/** The environment variables that the clients of the daemon read: the command line and the Terraform provider. */

/** Each also with `_FILE`, for the file that holds the value. */
export const CLIENT_VARIABLES = [
  'ACCREDIT_ENDPOINT',
  'ACCREDIT_TOKEN',
  'ACCREDIT_ORGANIZATION',
  'ACCREDIT_MANAGER',
  'ACCREDIT_CA_CERTIFICATE',
  'ACCREDIT_PROFILE',
  'ACCREDIT_CLI_CONFIG',
  'ACCREDIT_STATE_DIR',
  'ACCREDIT_FORBID_SECRETS_IN_STATE',
] as const;
