import { type Hazard } from '../../facts.ts';
import { scanText } from './parser.ts';
import { spanAt } from './span.ts';
import { type OffsetMap } from './text.ts';
import { type Fields, fieldsOf, isFields, locationOf, names, type Node, nodeOf } from './tree.ts';

interface Form {
  readonly name: string;
  /** The first major version whose grammar has it. */
  readonly since: number;
}

/**
 * Texts are read by the grammar of the newest PostgreSQL. A word that this grammar gives a meaning of its own is to a
 * server that does not know it a column or a function of the database, of any content. What an older server can only
 * refuse is not listed; the test beside this file derives the words from the keywords of each server.
 */
const NODES: Readonly<Record<string, Form>> = {
  JsonArrayAgg: { name: 'JSON_ARRAYAGG', since: 16 },
  JsonArrayConstructor: { name: 'JSON_ARRAY', since: 16 },
  JsonArrayQueryConstructor: { name: 'JSON_ARRAY', since: 16 },
  JsonObjectAgg: { name: 'JSON_OBJECTAGG', since: 16 },
  JsonObjectConstructor: { name: 'JSON_OBJECT', since: 16 },
  JsonFuncExpr: { name: 'JSON_EXISTS, JSON_QUERY and JSON_VALUE', since: 17 },
  JsonParseExpr: { name: 'JSON()', since: 17 },
  JsonScalarExpr: { name: 'JSON_SCALAR', since: 17 },
  JsonSerializeExpr: { name: 'JSON_SERIALIZE', since: 17 },
  JsonTable: { name: 'JSON_TABLE', since: 17 },
  MergeSupportFunc: { name: 'MERGE_ACTION', since: 17 },
};

/** Words for which the grammar calls a function of pg_catalog. */
const CALLS: Readonly<Record<string, Form>> = {
  json_object: { name: 'JSON_OBJECT', since: 16 },
  system_user: { name: 'SYSTEM_USER', since: 16 },
};

/** 0x1F and 1_000 are to an older server a number and a name for the output. */
const LITERALS_SINCE = 16;
/** From this version on nothing above is missing. */
const COMPLETE = 17;

export interface ReadText {
  readonly text: string;
  readonly root: Node;
  readonly offsetOf: OffsetMap;
}

/** What a text uses that a server of the version would read as something else. */
export function newerGrammar({ text, root, offsetOf }: ReadText, major: number): readonly Hazard[] {
  if (major >= COMPLETE) return [];
  const hazards = new Map<number, Hazard>();
  const add = ({ name, since }: Form, location: number): void => {
    const start = offsetOf(location);
    const span = spanAt(text, start);
    hazards.set(start, {
      code: 'newer-grammar',
      sentence: `${name} came with PostgreSQL ${String(since)}; this server is of version ${String(major)} and would read it as a name.`,
      next: 'Write it with what this version of the server has.',
      ...(span === undefined ? {} : { span }),
    });
  };
  const stack: unknown[] = [{ [root.kind]: root.fields }];
  while (stack.length > 0) {
    const value = stack.pop();
    if (Array.isArray(value)) stack.push(...(value as unknown[]));
    else if (isFields(value)) {
      const node = nodeOf(value);
      const location = node === undefined ? -1 : placeOf(node.fields);
      const form = node === undefined ? undefined : formOf(node, spanAt(text, offsetOf(location))?.start, text);
      if (form !== undefined && major < form.since) add(form, location);
      stack.push(...Object.values(value));
    }
  }
  for (const { text: name, start } of major < LITERALS_SINCE ? newerLiterals(text) : [])
    add({ name: `The number ${name}`, since: LITERALS_SINCE }, start);
  return [...hazards].sort(([a], [b]) => a - b).map(([, hazard]) => hazard);
}

/** Aggregates keep their place in the constructor inside them. */
function placeOf(fields: Fields): number {
  return locationOf(fieldsOf(fields['constructor']) ?? fields);
}

function formOf({ kind, fields }: Node, start: number | undefined, text: string): Form | undefined {
  if (kind !== 'FuncCall') return NODES[kind];
  const [schema, name = ''] = names(fields['funcname']);
  // Who writes the schema means the function itself, which an older server finds or does not.
  const isWritten = start !== undefined && !text.slice(start).toLowerCase().startsWith(name);
  return schema === 'pg_catalog' && !isWritten ? CALLS[name] : undefined;
}

/** The scan is made only where the text could hold one. */
function newerLiterals(text: string): readonly { readonly text: string; readonly start: number }[] {
  if (!/\d_|0[xob]/i.test(text)) return [];
  return (scanText(text) ?? []).filter(
    (token) => (token.name === 'ICONST' || token.name === 'FCONST') && /[_xob]/i.test(token.text),
  );
}
