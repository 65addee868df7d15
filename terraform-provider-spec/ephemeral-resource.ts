/**
 * The vocabulary in which an ephemeral resource of the Terraform provider is described: what Terraform opens for one plan
 * or one apply and stores nowhere. Data, as kinds are: the schema, validation and documentation derive from it.
 */
import type { Attributes, Kind } from './kind.ts';

export interface EphemeralResource {
  /** With the prefix `accredit_` its Terraform type. */
  readonly name: string;
  /** What people call one, in sentences: "access token". */
  readonly title: string;
  readonly description: string;
  /** It is opened as a resource of this kind, whose parents' names it takes: the organization, the account. */
  readonly opens?: Kind;
  /** What it takes, and as `read-only` what it gives. An attribute with a default is filled in. */
  readonly attributes: Attributes;
}
