import { type CheckedEvent, type Opened } from './event-check.ts';
import { isObject, parseObject, type Json } from './json.ts';

/**
 * A leaf with the long parts that were moved into its blob `long`, a JSON object of dotted paths (docs/log-format.md, "Leaf");
 * or why they cannot be had.
 */
export function wholeLeaf({ leaf, open }: CheckedEvent): Json | Exclude<Opened, Buffer> {
  if (leaf.long === undefined) return leaf;
  const opened = open(leaf.long);
  if (typeof opened === 'string') return opened;
  const parts = parseObject(opened);
  if (parts === null) return 'unreadable';
  let whole: Json = leaf;
  for (const [path, value] of Object.entries(parts)) whole = withPart(whole, path.split('.'), value);
  return whole;
}

function withPart(into: Json, [first = '', ...rest]: readonly string[], value: unknown): Json {
  const inner = into[first];
  return { ...into, [first]: rest.length === 0 ? value : withPart(isObject(inner) ? inner : {}, rest, value) };
}
