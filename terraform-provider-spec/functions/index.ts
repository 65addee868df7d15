import type { ProviderFunction } from '../provider-function.ts';
import { addressFunction } from './address.ts';
import { tokenHashFunction } from './token-hash.ts';
import { tokenParseFunction } from './token-parse.ts';

/** Every function of the provider. Adding one is a file beside this, a line here, and what it does in `terraform-provider/functions/`. */
export const PROVIDER_FUNCTIONS: readonly ProviderFunction[] = [tokenHashFunction, tokenParseFunction, addressFunction];
