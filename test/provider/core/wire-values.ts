/** Values on the wire in forms that mean the same: core sends unknown values with what it knows of them, and sets in no order. */
import { decode, ExtData, encode } from '@msgpack/msgpack';
import type { DynamicValue } from '../../../terraform-provider/plugin/messages.ts';
import type { CtyType } from '../../../terraform-provider/values/value.ts';

/** How values are written. */
export interface Forms {
  /** Unknown values carry refinements: not null, and for a string a prefix (extension 12). */
  readonly refined?: boolean;
  /** Sets come in the opposite order. */
  readonly reversed?: boolean;
}

/** The same value of the type in other forms. */
export function inOtherForms(type: CtyType, value: DynamicValue, forms: Forms): DynamicValue {
  if (value.msgpack === undefined || !(forms.refined || forms.reversed)) return value;
  const raw = decode(value.msgpack, { useBigInt64: true, keyDecoder: PREFIXED_KEYS });
  return { msgpack: encode(rewritten(type, raw, forms), { useBigInt64: true }) };
}

function rewritten(type: CtyType, raw: unknown, forms: Forms): unknown {
  if (raw instanceof ExtData) return forms.refined ? refined(type) : raw;
  if (typeof type === 'string' || raw === null) return raw;
  if (Array.isArray(raw)) {
    const items = raw.map((item, index) => rewritten(elementType(type, index), item, forms));
    return type[0] === 'set' && forms.reversed ? items.reverse() : items;
  }
  const record: Record<string, unknown> = Object.create(null);
  for (const [prefixed, item] of Object.entries(raw as object)) {
    const key = prefixed.slice(1);
    record[key] = rewritten(elementType(type, key), item, forms);
  }
  return record;
}

/** The library refuses `__proto__`, which is a valid key of a map. */
const PREFIXED_KEYS = {
  canBeCached: () => true,
  decode: (bytes: Uint8Array, offset: number, length: number) =>
    `.${Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('utf8')}`,
};

function elementType(type: Exclude<CtyType, string>, key: string | number): CtyType {
  if (type[0] === 'object') return type[1][key] ?? 'dynamic';
  if (type[0] === 'tuple') return type[1][Number(key)] ?? 'dynamic';
  return type[1];
}

const [NOT_NULL, PREFIX] = [1, 2];

function refined(type: CtyType): ExtData {
  const refinements = new Map<number, unknown>([[NOT_NULL, false]]);
  if (type === 'string') refinements.set(PREFIX, 'pre-');
  return new ExtData(12, encodeMap(refinements));
}

/** A map with numbers for keys, which the library writes only for objects with texts for keys. */
function encodeMap(map: ReadonlyMap<number, unknown>): Uint8Array {
  const parts = [...map].flatMap(([key, value]) => [encode(key), encode(value)]);
  return Buffer.concat([Buffer.of(0x80 | map.size), ...parts]);
}
