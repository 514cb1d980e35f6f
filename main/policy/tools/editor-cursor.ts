import { isMap, isPair, isScalar, isSeq, parseDocument, type Document } from 'yaml';

/** Where a cursor stands in a policy's text, which may be half-written. */
export interface Cursor {
  /** Of the map or list around it, or of the value that it is in. */
  readonly path: readonly (string | number)[];
  readonly role: 'key' | 'value';
  /** Keys beside it. */
  readonly siblings: readonly string[];
  /** The word that a completion replaces, UTF-16 offsets. */
  readonly from: number;
  readonly to: number;
  /** The word as far as it stands before the cursor. */
  readonly typed: string;
}

/** Stands in the place of the word at the cursor while the text is read; nothing in a policy is called so. */
const MARK = 'CursorStandsHere';
const BEFORE = /[\p{L}\p{N}_@.:*-]*$/u;
const AFTER = /^[\p{L}\p{N}_@.*-]*(?::[\p{L}\p{N}_@.*-]+)?/u;

/** Reads the text as if the word at the cursor were a name; undefined where no name may stand, as in a comment. */
export function cursorAt(text: string, offset: number): Cursor | undefined {
  const at = Math.min(offset, text.length);
  const [typed = ''] = BEFORE.exec(text.slice(0, at)) ?? [];
  const [rest = ''] = AFTER.exec(text.slice(at)) ?? [];
  const [from, to] = [at - typed.length, at + rest.length];
  const lineStart = text.lastIndexOf('\n', from - 1) + 1;
  const [before, after] = [text.slice(lineStart, from), text.slice(to).split('\n', 1)[0] ?? ''];
  // A word alone on its line is the beginning of a key, or an item: with its colon it does not run into the next line.
  const alone = /^\s*(- +)*$/.test(before) && /^\s*$/.test(after);
  const marked = `${text.slice(0, from)}${MARK}${alone ? ':' : ''}${text.slice(to)}`;
  const found = find(parse(marked).contents, []);
  return found && { ...found, from, to, typed };
}

/** What stands at an offset of a text: the key, or the value that it is in, with the offsets of the whole of it. */
export function nodeAt(
  text: string,
  offset: number,
):
  | {
      readonly path: readonly (string | number)[];
      readonly role: 'key' | 'value';
      readonly text: string;
      readonly from: number;
      readonly to: number;
    }
  | undefined {
  const within = (node: unknown): boolean =>
    isScalar(node) && node.range != null && node.range[0] <= offset && offset < node.range[1];
  const found = search(parse(text).contents, [], within);
  const range = isScalar(found?.node) ? found.node.range : undefined;
  if (found === undefined || range == null || !isScalar(found.node)) return undefined;
  return { path: found.path, role: found.role, text: String(found.node.value), from: range[0], to: range[1] };
}

function parse(text: string): Document {
  return parseDocument(text, { prettyErrors: false, strict: false, uniqueKeys: false, logLevel: 'silent' });
}

type Found = Pick<Cursor, 'path' | 'role' | 'siblings'>;

function find(contents: unknown, path: Cursor['path']): Found | undefined {
  const marked = (node: unknown): boolean =>
    isScalar(node) && typeof node.value === 'string' && node.value.includes(MARK);
  const found = search(contents, path, marked);
  return found && { path: found.path, role: found.role, siblings: found.siblings };
}

/** The first key or value that is meant. The path of a key is that of its map. */
function search(
  node: unknown,
  path: Cursor['path'],
  isMeant: (node: unknown) => boolean,
): (Found & { readonly node: unknown }) | undefined {
  if (isMeant(node)) return { node, path, role: 'value', siblings: [] };
  if (isSeq(node)) return first(node.items, (item, at) => search(item, [...path, at], isMeant));
  if (!isMap(node)) return undefined;
  return first(node.items, (pair) => {
    if (!isPair(pair)) return undefined;
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    if (isMeant(pair.key)) {
      const others = node.items
        .filter((other) => other !== pair)
        .map(({ key: other }) => (isScalar(other) ? String(other.value) : ''));
      return { node: pair.key, path, role: 'key', siblings: others };
    }
    return search(pair.value, [...path, key], isMeant);
  });
}

function first<T, R>(items: readonly T[], look: (item: T, at: number) => R | undefined): R | undefined {
  for (const [at, item] of items.entries()) {
    const found = look(item, at);
    if (found !== undefined) return found;
  }
  return undefined;
}
