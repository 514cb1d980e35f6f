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
 * The type that values of these types surely have together, each turned into it without a failure, whatever it is;
 * undefined where that is not known. A bigint beside an oid fails where it is negative, a numeric beside a float where it
 * is too large, a date beside a timestamp where it is too late.
 */
export function typeTogether(types: readonly (string | undefined)[]): string | undefined {
  const known = types.flatMap((type) => type ?? []);
  const [first] = known;
  if (first === undefined || known.length < types.length) return undefined;
  const all = (pattern: RegExp): boolean => known.every((type) => pattern.test(type));
  if (known.every((type) => type === first)) return first;
  if (known.every((type) => unmodified(type) === unmodified(first))) return unmodified(first);
  if (known.every((type) => isTextType(type) || isCitext(type))) return 'text';
  if (known.every(isExactNumberType)) return 'numeric';
  return all(/^(?:smallint|integer|bigint|real|double precision)$/) ? 'double precision' : undefined;
}

/** Whether every value of one type is, or surely becomes, one of the other: functions give types without their modifiers. */
export function isTurnedInto(type: string | undefined, given: string | undefined): boolean {
  if (type === undefined || given === undefined) return false;
  return unmodified(type) === unmodified(given) || (isTextType(type) && isTextType(given));
}

const unmodified = (type: string): string => type.replace(/\(\d+(?:,-?\d+)?\)/, '');
const isCitext = (type: string): boolean => /^(?:\w+\.)?citext$/.test(type);

/**
 * Types whose `=` says that two values are the same: for others it compares areas or lengths, or may run for long. citext
 * is the extension's, whose values are the same but for case.
 */
export function isComparedByValue(type: string): boolean {
  const others =
    /^(?:(?:\w+\.)?citext|uuid|date|boolean|bool|oid|inet|cidr|macaddr|timestamp(?:\(\d\))? with(?:out)? time zone)$/;
  return isTextType(type) || isExactNumberType(type) || others.test(type);
}
