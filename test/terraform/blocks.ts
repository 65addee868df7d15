/** Terraform configurations for any kinds, made from their descriptions and examples. */
import { formatAddress } from '../../terraform-provider-spec/address.ts';
import { resourceSchema, terraformType } from '../../terraform-provider-spec/derive/terraform.ts';
import type { Json, JsonObject, Kind } from '../../terraform-provider-spec/kind.ts';
import { kindNamed, lineage } from '../../terraform-provider-spec/kinds/index.ts';

/** Which kinds a configuration declares, and under which names. */
export interface Declared {
  /** What it is about. */
  readonly subjects: readonly Kind[];
  /** The names along the addresses, by path parameter. */
  readonly names: Readonly<Record<string, string>>;
  /** Kinds of the addresses that are there already, and are no part of the configuration. */
  readonly given?: readonly Kind[];
}

export type BodyOf = (kind: Kind) => JsonObject;

/** One resource of a configuration. */
export interface Block {
  readonly kind: Kind;
  /** Its address for Terraform: `accredit_team.it`. */
  readonly resource: string;
  /** Its address for the daemon. */
  readonly address: string;
  readonly isSubject: boolean;
  /** Whether it is a subject or lies below one. */
  readonly isBelowSubject: boolean;
  /** Its body for the daemon: of a subject what `bodyOf` gives, of anything else that of the example. */
  body(bodyOf: BodyOf): JsonObject;
  /** The same as HCL. */
  hcl(bodyOf: BodyOf): string;
}

/** How Terraform names the block of a kind that is no prerequisite. */
export function resourceAddress(kind: Kind): string {
  return `${terraformType(kind)}.it`;
}

/**
 * The blocks of the subjects, of their parents, and of what the examples of either refer to, each behind what it needs.
 */
export function blocksOf({ subjects, names, given = [] }: Declared): Block[] {
  const kinds = [...new Set(subjects.flatMap(lineage))].filter((kind) => !given.includes(kind));
  const isBelowSubject = (kind: Kind): boolean => lineage(kind).some((level) => subjects.includes(level));
  const blocks = new Map<string, Block>();
  for (const kind of kinds) {
    const needed: string[] = [];
    for (const { kind: needs, name, body } of kind.examples.prerequisites ?? []) {
      const other = kindNamed(needs);
      const resource = `${terraformType(other)}.${name}`;
      const own = { ...names, [other.parameter]: name };
      const earlier = Object.keys(body).length === 0 ? [] : [...needed];
      blocks.set(resource, {
        kind: other,
        resource,
        address: formatAddress(other, own),
        isSubject: false,
        isBelowSubject: isBelowSubject(kindNamed(other.parent ?? needs)),
        body: () => body,
        hcl: () => block(other, { label: name, names: own, given, body, needs: earlier }),
      });
      needed.push(resource);
    }
    const bodyFrom = (bodyOf: BodyOf) => (subjects.includes(kind) ? bodyOf(kind) : kind.examples.full);
    blocks.set(resourceAddress(kind), {
      kind,
      resource: resourceAddress(kind),
      address: formatAddress(kind, names),
      isSubject: subjects.includes(kind),
      isBelowSubject: isBelowSubject(kind),
      body: bodyFrom,
      hcl: (bodyOf) => block(kind, { label: 'it', names, given, body: bodyFrom(bodyOf), needs: needed }),
    });
  }
  return [...blocks.values()];
}

interface BlockOptions {
  readonly label: string;
  readonly names: Readonly<Record<string, string>>;
  readonly given: readonly Kind[];
  readonly body: JsonObject;
  /** What it refers to by name, so that Terraform cannot know the order by itself. */
  readonly needs: readonly string[];
}

function block(kind: Kind, { label, names, given, body, needs }: BlockOptions): string {
  const lines = resourceSchema(kind).attributes.flatMap(({ name, source }) => {
    if (source.from === 'name') {
      const level = lineage(kind).find(({ parameter }) => parameter === source.parameter) as Kind;
      const isLiteral = source.own || given.includes(level);
      return [`  ${name} = ${isLiteral ? hcl(names[source.parameter] as Json) : `${resourceAddress(level)}.name`}`];
    }
    if (source.from === 'triggers') {
      const marker = body[source.attribute] ?? null;
      return marker === null ? [] : [`  ${name} = { marker = ${hcl(marker)} }`];
    }
    if (source.from !== 'api' || (body[source.attribute] ?? null) === null) return [];
    return [`  ${name} = ${hcl(body[source.attribute] as Json)}`];
  });
  if (needs.length > 0) lines.push(`  depends_on = [${needs.join(', ')}]`);
  return `resource "${terraformType(kind)}" "${label}" {\n${lines.join('\n')}\n}\n`;
}

/** JSON is HCL, but for the beginnings of templates. */
function hcl(value: Json): string {
  return JSON.stringify(value).replaceAll('${', '$${').replaceAll('%{', '%%{');
}

/** An `import` block for each of the blocks: the next apply takes what is there into the state. */
export function importBlocks(blocks: readonly Block[]): string {
  return blocks.map(({ resource, address }) => `import {\n  to = ${resource}\n  id = "${address}"\n}\n`).join('\n');
}

/** A data source for each of the blocks, read after the resource has been written. */
export function dataSources(blocks: readonly Block[], names: Readonly<Record<string, string>>): string {
  return blocks
    .map(({ kind, resource }) => {
      const inputs = lineage(kind).map(
        ({ parameter }, index, { length }) => `  ${index === length - 1 ? 'name' : parameter} = "${names[parameter]}"`,
      );
      return `data "${terraformType(kind)}" "it" {\n${inputs.join('\n')}\n  depends_on = [${resource}]\n}\n`;
    })
    .join('\n');
}
