/** The output column a mask is for, as RowDescription tells it. Domains arrive as their base type. */
export interface MaskedType {
  readonly typeOid: number;
  readonly typeModifier: number;
  /** As format_type prints it. */
  readonly type: string;
}

/** How cells of the column are sent: format code 0 or 1 of RowDescription (protocol 54.7). */
export type CellFormat = 'text' | 'binary';

/** OIDs of pg_type.dat; they never change. */
export const Oid = {
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  float4: 700,
  float8: 701,
  money: 790,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  uuid: 2950,
} as const;

const MODIFIER_HEADER = 4;

/** text, character varying, character: the types any text is a valid value of. citext has no fixed OID. */
export const isText = ({ typeOid, type }: MaskedType): boolean =>
  typeOid === Oid.text ||
  typeOid === Oid.varchar ||
  typeOid === Oid.bpchar ||
  type === 'citext' ||
  type.endsWith('.citext');

/** Characters that a text type holds. */
export const characterLimit = ({ typeOid, typeModifier }: MaskedType): number =>
  (typeOid === Oid.varchar || typeOid === Oid.bpchar) && typeModifier >= 0 ? typeModifier - MODIFIER_HEADER : Infinity;

/** Digits before the decimal point that a numeric(p, s) holds: p - s, where s is signed in 11 bits (numeric.c). */
export function integerDigits({ typeOid, typeModifier }: MaskedType): number {
  if (typeOid !== Oid.numeric || typeModifier < MODIFIER_HEADER) return Infinity;
  const modifier = typeModifier - MODIFIER_HEADER;
  const precision = (modifier >> 16) & 0xffff;
  const scale = ((modifier & 0x7ff) ^ 1024) - 1024;
  return precision - scale;
}
