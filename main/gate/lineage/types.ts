/** Types as the server formats them (`character varying(40)`) or as the grammar names them (`varchar`). */

const SCALAR_TYPES =
  /^(?:bool|boolean|bytea|char|bpchar|character|character varying|varchar|text|name|smallint|integer|bigint|int2|int4|int8|oid|real|double precision|float4|float8|numeric|money|date|time|timetz|timestamp|timestamptz|time with(?:out)? time zone|timestamp with(?:out)? time zone|interval|uuid|inet|cidr|macaddr|json|jsonb|xml)(?:\(\d+(?:,\d+)?\))?(?: with(?:out)? time zone)?(?:\[\])*$/;

/** True for a type that surely is no row. */
export function isScalarType(type: string): boolean {
  return SCALAR_TYPES.test(type);
}

/** Any text is a value of it, and its functions are those of text. */
export function isTextType(type: string): boolean {
  return /^(?:text|character varying|varchar|character|bpchar)(?:\(\d+\))?$/.test(type);
}

/** Turned into one another, and added up as numeric, without leaving their range. */
export function isExactNumberType(type: string): boolean {
  return /^(?:smallint|integer|bigint|int2|int4|int8|numeric(?:\(\d+,-?\d+\))?)$/.test(type);
}

/**
 * Types whose `=` says that two values are the same: for others it compares areas or lengths, or may run for long. citext
 * is the extension's, whose values are the same but for case.
 */
export function isComparedByValue(type: string): boolean {
  const others =
    /^(?:(?:\w+\.)?citext|uuid|date|boolean|bool|oid|inet|cidr|macaddr|timestamp(?:\(\d\))? with(?:out)? time zone)$/;
  return isTextType(type) || isExactNumberType(type) || others.test(type);
}
