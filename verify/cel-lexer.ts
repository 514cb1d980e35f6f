/** Words of the Common Expression Language (cel.dev, language definition, "Syntax"), as far as conditions of a policy use them. */

/** A part of the language, or of the policy's, that this verifier does not know: what depends on it is said, not judged. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

export type Token =
  | { readonly kind: 'number'; readonly value: bigint | number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'name'; readonly value: string }
  | { readonly kind: 'mark'; readonly value: string }
  | { readonly kind: 'end'; readonly value: '' };

const SPACE = /(?:[ \t\r\n\f]|\/\/[^\n]*)+/y;
const NUMBER = /0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const MARK = /==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]]/y;
/** Raw or not, three quotes before one. */
const STRING = /([rR]?)("""|'''|"|')/y;

/** @throws Unsupported for bytes, maps, unsigned numbers and everything that is no token at all */
export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    take(SPACE);
    if (at >= source.length) return [...tokens, { kind: 'end', value: '' }];
    const opened = take(STRING);
    if (opened !== null) {
      const [, raw = '', quote = ''] = opened;
      const end = endOfString(source, at, quote);
      const text = source.slice(at, end);
      tokens.push({ kind: 'string', value: raw === '' ? unescaped(text) : text });
      at = end + quote.length;
      continue;
    }
    const number = take(NUMBER)?.[0];
    if (number !== undefined) {
      if (/[uU]/.test(source[at] ?? '')) throw new Unsupported('an unsigned number');
      const whole = /^(0[xX]|\d+$)/.test(number);
      tokens.push({ kind: 'number', value: whole ? BigInt(number) : Number(number) });
      continue;
    }
    const name = take(NAME)?.[0];
    if (name !== undefined) {
      if (/^[bB]$/.test(name) && /["']/.test(source[at] ?? '')) throw new Unsupported('bytes');
      tokens.push({ kind: 'name', value: name });
      continue;
    }
    const mark = take(MARK)?.[0];
    if (mark === undefined) throw new Unsupported(`the character ${source[at] ?? ''}`);
    tokens.push({ kind: 'mark', value: mark });
  }
}

function endOfString(source: string, from: number, quote: string): number {
  for (let at = from; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source.startsWith(quote, at)) return at;
  }
  throw new Unsupported('a text without an end');
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '\\': '\\', '?': '?', '"': '"', "'": "'", '`': '`' },
};
const ESCAPE = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))/g;

function unescaped(text: string): string {
  return text.replace(ESCAPE, (whole, x?: string, u?: string, long?: string, octal?: string, one?: string) => {
    const code = x ?? u ?? long;
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    const meant = ESCAPES[one ?? ''];
    if (meant === undefined) throw new Unsupported(`the escape ${whole}`);
    return meant;
  });
}
