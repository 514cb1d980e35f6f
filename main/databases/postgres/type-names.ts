/** Names of the types that most results are made of (pg_type.dat; the OIDs never change); others are asked for once. */
const BUILT_IN: Readonly<Record<number, string>> = {
  16: 'boolean',
  17: 'bytea',
  18: '"char"',
  19: 'name',
  20: 'bigint',
  21: 'smallint',
  23: 'integer',
  25: 'text',
  26: 'oid',
  114: 'json',
  700: 'real',
  701: 'double precision',
  869: 'inet',
  1007: 'integer[]',
  1009: 'text[]',
  1016: 'bigint[]',
  1042: 'character',
  1043: 'character varying',
  1082: 'date',
  1083: 'time without time zone',
  1114: 'timestamp without time zone',
  1184: 'timestamp with time zone',
  1186: 'interval',
  1266: 'time with time zone',
  1700: 'numeric',
  2249: 'record',
  2278: 'void',
  2950: 'uuid',
  3802: 'jsonb',
};

/** Variable-length types carry four bytes of header in their modifier. */
const HEADER = 4;

/** The name as format_type gives it, or undefined where the server must be asked. */
export function builtInTypeName(oid: number, modifier: number): string | undefined {
  const name = BUILT_IN[oid];
  if (name === undefined || modifier < 0) return name;
  if (oid === 1042 || oid === 1043) return `${name}(${String(modifier - HEADER)})`;
  return undefined;
}
