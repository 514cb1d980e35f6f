/**
 * Reader of the text that PostgreSQL makes of its trees (nodeToString: src/backend/nodes/outfuncs.c, read back by read.c
 * and readfuncs.c), as elog_node_display sends it: `{NODE :field value ...}`, lists `(...)`, numbers `(i 1)`, `(o 1)` and
 * `(b 1)`, `<>` for nothing, backslashes before characters that would mean something. The bytes of constants are not kept.
 */

export interface TreeNode {
  readonly label: string;
  readonly names: readonly string[];
  readonly values: readonly TreeValue[];
}

/** A node, a list, the text of a token, a number, or null for `<>`. */
export type TreeValue = TreeNode | readonly TreeValue[] | string | number | null;

/** Why a text could not be read, or a tree not be followed: in words that hold nothing of it. */
export class UnreadableTree extends Error {
  override readonly name = 'UnreadableTree';
}

/** Characters: a tree is some fifty times its statement, an IN list of 50,000 numbers is 12 million. */
const MAX_TEXT = 16 * 1024 * 1024;
/** Levels of nodes and lists, as deep as the calls that follow them may go. */
const MAX_DEPTH = 1_200;

/** @throws UnreadableTree where the text is no tree, is too large, too deep, or may have been broken inside a token */
export function readTree(text: string): TreeValue {
  if (text.length > MAX_TEXT) throw new UnreadableTree('it is too large');
  checkLines(text);
  const reader = new Reader(text);
  const tree = reader.value(0);
  reader.end();
  return tree;
}

/** The value of a field; null where the node has no such field. */
export function field(node: TreeNode, name: string): TreeValue {
  const at = node.names.indexOf(name);
  return at < 0 ? null : (node.values[at] ?? null);
}

export function isNode(value: TreeValue | undefined): value is TreeNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: TreeValue | undefined): value is readonly TreeValue[] {
  return Array.isArray(value);
}

/** Bytes of a line of format_node_dump (LINELEN in print.c). */
const LINE = 78;

/**
 * Lines are broken at spaces, but a stretch of 78 bytes without one is broken where it is, inside a token: a name made of
 * escaped brackets could then lose a backslash and read as structure. Such a stretch is refused.
 */
function checkLines(text: string): void {
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) {
    let start = text.lastIndexOf(' ', end) + 1;
    // Three bytes a character at most, and four for two of them.
    if ((end - start) * 3 < LINE - 1) continue;
    // A newline that no backslash precedes is a break as well.
    for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) {
      if (text.charCodeAt(at - 1) !== BACKSLASH) start = at + 1;
    }
    if (Buffer.byteLength(text.slice(start, end)) >= LINE - 1) throw new UnreadableTree('a name in it is too long');
  }
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
const TAB = 0x09;
const OPEN = 0x28;
const CLOSE = 0x29;
const OPEN_NODE = 0x7b;
const CLOSE_NODE = 0x7d;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const QUOTE = 0x22;
const MINUS = 0x2d;
const ZERO = 0x30;
/** Integers, object identifiers, transaction identifiers, a bitmapset. */
const LETTERS: ReadonlySet<number> = new Set(Array.from('ioxb', (letter) => letter.charCodeAt(0)));

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): TreeValue {
    if (depth > MAX_DEPTH) throw new UnreadableTree('it is nested too deeply');
    switch (this.#next()) {
      case OPEN_NODE:
        return this.#node(depth);
      case OPEN:
        return this.#list(depth);
      default:
        return this.#scalar();
    }
  }

  end(): void {
    if (!Number.isNaN(this.#next())) throw new UnreadableTree('it does not end where its tree does');
  }

  /** Skips white space; the code of the next character, NaN at the end. */
  #next(): number {
    for (; ; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== SPACE && code !== NEWLINE && code !== TAB) return code;
    }
  }

  #node(depth: number): TreeNode {
    this.#at++;
    const label = this.#token();
    const names: string[] = [];
    const values: TreeValue[] = [];
    for (;;) {
      const code = this.#next();
      if (code === CLOSE_NODE) {
        this.#at++;
        return { label, names, values };
      }
      // A value may look like a field, for names are not escaped for colons: each field has one value exactly.
      if (code !== COLON) throw new UnreadableTree(`${label} holds what is no field`);
      this.#at++;
      const name = this.#token();
      names.push(name);
      values.push(name === 'constvalue' ? this.#constant() : this.value(depth + 1));
    }
  }

  #list(depth: number): readonly TreeValue[] {
    this.#at++;
    // The letter of a list of numbers says of which; texts of a list have quotes.
    if (LETTERS.has(this.#next())) this.#at++;
    const values: TreeValue[] = [];
    while (this.#next() !== CLOSE) values.push(this.value(depth + 1));
    this.#at++;
    return values;
  }

  /** `<>`, or the number of bytes and the bytes as numbers in brackets, which are passed over. */
  #constant(): TreeValue {
    this.#next();
    const length = this.#scalar();
    if (length === null) return null;
    const end = this.#text.indexOf(']', this.#at);
    if (typeof length !== 'number' || this.#token() !== '[' || end < 0) {
      throw new UnreadableTree('a constant in it has no end');
    }
    this.#at = end + 1;
    return null;
  }

  #scalar(): TreeValue {
    const start = this.#at;
    const first = this.#text.charCodeAt(start);
    const token = this.#token();
    if (first === QUOTE) return token.slice(1, -1);
    if (token === '<>' && this.#at - start === 2) return null;
    const digits = first === MINUS ? token.charCodeAt(1) : first;
    if (digits >= ZERO && digits <= ZERO + 9) {
      const number = Number(token);
      return Number.isNaN(number) ? token : number;
    }
    return token;
  }

  /** The characters up to white space or a bracket, without backslashes; a line broken at an escaped space was one. */
  #token(): string {
    this.#next();
    const text = this.#text;
    const start = this.#at;
    let escaped = false;
    let at = start;
    for (; ; at++) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH) {
        escaped = true;
        at++;
      } else if (
        code === SPACE ||
        code === NEWLINE ||
        code === OPEN ||
        code === CLOSE ||
        code === OPEN_NODE ||
        code === CLOSE_NODE ||
        code === TAB ||
        Number.isNaN(code)
      ) {
        break;
      }
    }
    this.#at = at;
    if (at === start || at > text.length) throw new UnreadableTree('it ends too early');
    const token = text.slice(start, at);
    return escaped ? token.replaceAll(/\\([^])/g, (_, one: string) => (one === '\n' ? ' ' : one)) : token;
  }
}
