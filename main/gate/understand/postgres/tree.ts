/** Reading the JSON that libpg-query prints: a node is an object with one key, its kind, and its fields as the value. */

export type Fields = Readonly<Record<string, unknown>>;

export interface Node {
  readonly kind: string;
  readonly fields: Fields;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The node in a wrapper `{ Kind: fields }`; undefined where there is none (an empty place in a list is `{}`). */
export function nodeOf(value: unknown): Node | undefined {
  if (!isFields(value)) return undefined;
  const [kind, ...more] = Object.keys(value);
  if (kind === undefined || more.length > 0) return undefined;
  const fields = value[kind];
  return isFields(fields) ? { kind, fields } : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The nodes of a list, empty places left out. */
export function nodesOf(value: unknown): readonly Node[] {
  return listOf(value).flatMap((item) => nodeOf(item) ?? []);
}

/** Fields of a node of known kind in a list: `items(stmt.ctes, 'CommonTableExpr')`. */
export function items(value: unknown, kind: string): readonly Fields[] {
  return nodesOf(value).flatMap((node) => (node.kind === kind ? [node.fields] : []));
}

export function fieldsOf(value: unknown): Fields | undefined {
  return isFields(value) ? value : undefined;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The names in a list of String nodes, such as a function's qualified name. */
export function names(value: unknown): readonly string[] {
  return items(value, 'String').map((item) => text(item['sval']) ?? '');
}

/** The parser leaves out zeros: a node without a location is at the start of the text. -1 says that it has none. */
export function locationOf(fields: Fields): number {
  const location = fields['location'];
  return typeof location === 'number' ? location : 0;
}
