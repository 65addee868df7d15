/** The vocabulary in which an action of the Terraform provider is described: what is done when it is invoked, and stored nowhere. */
import type { Attributes } from './kind.ts';

export interface ProviderAction {
  /** With the prefix `accredit_` its Terraform type. */
  readonly name: string;
  /** What people call it, in sentences: "rotation". */
  readonly title: string;
  readonly description: string;
  /** What it takes. An action gives nothing. */
  readonly attributes: Attributes;
}
