const signs = new Set(['{', '}', '[', ']', ',', ':']);
const blank = /^[ \t\n\r]/;
const plainToken = /[ \t\n\r]+|[{}[\],:]|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Where the token that begins at `at` ends; -1 when there is none. */
function tokenEnd(text: string, at: number): number {
  if (text.charCodeAt(at) === 0x22) return stringEnd(text, at);
  plainToken.lastIndex = at;
  return plainToken.test(text) ? plainToken.lastIndex : -1;
}

/** Character by character: a regular expression would run out of stack in a string of megabytes. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return -1;
    if (code !== 0x5c) continue;
    escape.lastIndex = at;
    if (!escape.test(text)) return -1;
    at = escape.lastIndex - 1;
  }
  return -1;
}

/**
 * Lays JSON out over lines without parsing its values: numbers, escapes and the order and repetition of keys stay as
 * they were sent (JSON.parse would round 9007199254740993). RFC 8259 grammar; null when the text is not JSON.
 */
export function formatJson(text: string): string | null {
  const out: string[] = [];
  /** Open brackets; `{` and `[`. */
  const open: string[] = [];
  /** What may come next. */
  let expected: 'value' | 'first-value' | 'key' | 'first-key' | 'colon' | 'after' = 'value';

  const newline = (): void => {
    out.push('\n', '  '.repeat(open.length));
  };

  for (let at = 0; at < text.length;) {
    const end = tokenEnd(text, at);
    if (end < 0) return null;
    const token = text.slice(at, end);
    at = end;
    if (blank.test(token)) continue;
    const sign = signs.has(token) ? token : null;

    if (sign === '}' || sign === ']') {
      const empty = expected === (sign === '}' ? 'first-key' : 'first-value');
      if (open.pop() !== (sign === '}' ? '{' : '[') || (expected !== 'after' && !empty)) return null;
      if (!empty) newline();
      out.push(sign);
      expected = 'after';
    } else if (sign === ',') {
      if (expected !== 'after' || open.length === 0) return null;
      out.push(',');
      newline();
      expected = open.at(-1) === '{' ? 'key' : 'value';
    } else if (sign === ':') {
      if (expected !== 'colon') return null;
      out.push(': ');
      expected = 'value';
    } else if (token.startsWith('"') && (expected === 'key' || expected === 'first-key')) {
      if (expected === 'first-key') newline();
      out.push(token);
      expected = 'colon';
    } else {
      if (expected !== 'value' && expected !== 'first-value') return null;
      if (expected === 'first-value') newline();
      if (sign === null) {
        out.push(token);
        expected = 'after';
      } else {
        out.push(sign);
        open.push(sign);
        expected = sign === '{' ? 'first-key' : 'first-value';
      }
    }
  }
  return expected === 'after' && open.length === 0 ? out.join('') : null;
}
