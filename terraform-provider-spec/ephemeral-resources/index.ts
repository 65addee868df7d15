import type { EphemeralResource } from '../ephemeral-resource.ts';
import { accessToken } from './access-token.ts';
import { generatedSecret } from './generated-secret.ts';
import { token } from './token.ts';

/** Every ephemeral resource. Adding one is a file beside this, a line here, and what it does in `terraform-provider/ephemeral/`. */
export const EPHEMERAL_RESOURCES: readonly EphemeralResource[] = [accessToken, token, generatedSecret];
