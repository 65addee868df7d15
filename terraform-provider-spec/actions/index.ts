import type { ProviderAction } from '../provider-action.ts';
import { revoke } from './revoke.ts';
import { rotate } from './rotate.ts';

/** Every action. Adding one is a file beside this, a line here, and what it does in `terraform-provider/rpc/actions.ts`. */
export const PROVIDER_ACTIONS: readonly ProviderAction[] = [rotate, revoke];
