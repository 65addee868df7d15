/** The vocabulary in which a function of the Terraform provider is described. Functions are pure: no daemon, no configuration. */
import type { TerraformType } from './derive/terraform.ts';

export interface FunctionParameter {
  readonly name: string;
  readonly type: TerraformType;
  readonly description: string;
}

export interface ProviderFunction {
  /** As configurations call it: `provider::accredit::<name>(…)`. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly FunctionParameter[];
  /** Takes all arguments behind those of `parameters`. */
  readonly variadic?: FunctionParameter;
  readonly returns: TerraformType;
}
