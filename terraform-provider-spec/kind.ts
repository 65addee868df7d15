/**
 * The vocabulary in which a kind is described. A kind is data: validation, JSON Schema, OpenAPI, the Terraform schema,
 * the documentation and the generic tests all derive from it, so nothing here does I/O or knows who reads it.
 */

/** Any value that JSON can hold. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** Named rules for strings; `formats.ts` holds the check and the text of each. */
export type Format =
  | 'name'
  | 'address'
  | 'duration'
  | 'duration-or-zero'
  | 'timestamp'
  | 'domain'
  | 'scope'
  | 'home'
  | 'permission'
  | 'cidr'
  | 'secret-hash'
  | 'label-value'
  | 'email';

/** What values an attribute can take. A `set` is unordered and without duplicates, whatever order it is sent in. */
export type ValueType =
  | {
      readonly type: 'string';
      readonly format?: Format;
      readonly enum?: readonly string[];
      readonly maxLength?: number;
      /** It is the name of a resource of this kind in the same organization, which must exist and cannot be removed. */
      readonly references?: string;
    }
  | { readonly type: 'boolean' }
  | { readonly type: 'integer'; readonly minimum?: number }
  | { readonly type: 'set'; readonly items: ValueType; readonly maxItems?: number }
  | { readonly type: 'map'; readonly values: ValueType; readonly keys: Format; readonly maxItems?: number }
  | { readonly type: 'object'; readonly attributes: Attributes };

export interface AttributeFlags {
  /** One or two sentences for documentation and OpenAPI. */
  readonly description: string;
  /** `required` and `optional` are the caller's to write; `read-only` is the daemon's, and ignored in a body. */
  readonly access: 'required' | 'optional' | 'read-only';
  /** What a missing or `null` optional attribute means; `null` when left out. */
  readonly default?: Json;
  /** Fixed at creation: a PUT that changes it is refused with 409, Terraform replaces. */
  readonly immutable?: true;
  /** A missing or `null` value keeps the stored one instead of taking the default. */
  readonly keeps?: true;
  /** Holds a secret: redacted by Terraform and never logged. */
  readonly sensitive?: true;
  /** Accepted, never answered. */
  readonly writeOnly?: true;
  /** Answered only by the request that made it, and by its idempotent replay. */
  readonly once?: true;
  /** Changes without anybody writing: only in `?view=full` and in data sources, never in a Terraform resource. */
  readonly volatile?: true;
  /** Read-only and can be null in an answer. */
  readonly nullable?: true;
  /**
   * For a read-only attribute: the attributes whose change can move it, so that a Terraform plan keeps it known
   * otherwise; what moves without an update, by the clock or by another resource, shows with the next refresh. `'any'` for
   * one that every update moves.
   */
  readonly changesWith?: readonly string[] | 'any';
  /** Attributes that cannot be given together with this one. */
  readonly conflictsWith?: readonly string[];
  /** How the Terraform resource differs from the API attribute; see `TerraformForm`. */
  readonly terraform?: TerraformForm;
}

/**
 * `triggers`: the resource has a map `{name}_triggers` instead, whose hash is sent. `versioned-write-only`: the resource
 * has `{name}_wo` (write-only) and `{name}_wo_version`. `data-source-only`: left out of the resource.
 */
export type TerraformForm = 'triggers' | 'versioned-write-only' | 'data-source-only';

export type Attribute = ValueType & AttributeFlags;
export type Attributes = Readonly<Record<string, Attribute>>;

/** A provider-only setting of a Terraform resource, which the daemon never stores. */
export interface TerraformOption {
  readonly type: 'boolean';
  readonly description: string;
  readonly default: boolean;
}

/** The groups in the documentation of the Terraform provider. */
export type Subcategory = 'Organization' | 'Access' | 'Accounts' | 'Tokens';

export interface Kind {
  /** The kind's name; with the prefix `accredit_` its Terraform type. */
  readonly kind: string;
  /** What people call one, in sentences: "account token". */
  readonly title: string;
  /** The path segment of the collection: `tokens`. */
  readonly collection: string;
  /** The path parameter, and the name under which children refer to it in Terraform: `account`. */
  readonly parameter: string;
  /** The kind one level up; none for organizations. */
  readonly parent?: string;
  /** The noun of its permissions: `tokens` gives `tokens.read`, `tokens.write`, `tokens.delete`. */
  readonly noun: string;
  /** Under what the documentation of the Terraform provider files it. */
  readonly subcategory: Subcategory;
  /** Some of its resources are built in: they can be read like others, and neither written nor removed. */
  readonly hasBuiltIn?: true;
  /** Holds a secret of its own: the token attributes and operations apply. */
  readonly token?: TokenTraits;
  readonly description: string;
  /** Besides the attributes that every kind has (`common.ts`). */
  readonly attributes: Attributes;
  /** List filters besides `label`. */
  readonly filters?: readonly ListFilter[];
  /** Besides those that every kind has (`common.ts`). */
  readonly terraformOptions?: Readonly<Record<string, TerraformOption>>;
  /** Bodies for documentation and for the generic contract suite. */
  readonly examples: KindExamples;
}

export type ListFilter =
  | 'status'
  | 'expires_before'
  | 'unused_since'
  | 'usage'
  | 'never_expires'
  | 'without_successor'
  | 'exceeds_max_lifetime';

export interface TokenTraits {
  /** The kind written into the secret: `acr_<secretKind>_…`. */
  readonly secretKind: SecretKind;
  /** Made by whom it belongs to and by nobody else, whatever they may do otherwise. */
  readonly selfService?: true;
}

export type SecretKind = 'sa' | 'app' | 'pat' | 'scim' | 'enrol';

export interface KindExamples {
  /** What `full` refers to, in the same organization; to be there before, in this order. */
  readonly prerequisites?: readonly { readonly kind: string; readonly name: string; readonly body: JsonObject }[];
  /** A body with every writable attribute that can stand together. */
  readonly full: JsonObject;
  /** `full` with some mutable attributes changed. */
  readonly changed: JsonObject;
  /**
   * Bodies that must be refused, each with the JSON pointer that the answer names. With `byDaemon` only the daemon can
   * tell: it takes the clock, other resources or several attributes together.
   */
  readonly invalid: readonly { readonly body: JsonObject; readonly pointer: string; readonly byDaemon?: true }[];
  /** Attribute values that cannot replace those of `full`, one for each immutable attribute. */
  readonly immutable?: JsonObject;
}
