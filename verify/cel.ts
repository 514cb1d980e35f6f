/**
 * Conditions of a policy: the part of the Common Expression Language (cel.dev) that docs/policy.md allows, written from the
 * language's definition. A condition is true, false, or an error; what an error means is for the caller to say.
 */
import { tokensOf, Unsupported, type Token } from './cel-lexer.ts';

export { Unsupported };

export type Value = bigint | number | string | boolean | null | readonly Value[] | Facts;
/** What a condition may ask for; a fact that is not known is absent. */
export interface Facts {
  readonly [name: string]: Value | undefined;
}

/** The condition has no value here: a fact is missing, types do not fit, a number is out of bounds. */
export class CelError extends Error {
  override readonly name = 'CelError';
}

type Node = (scope: Facts) => Value;

/** Reads an expression. @throws Unsupported for what is no part of the policy's language */
export function readCondition(source: string): (facts: Facts) => Value {
  return new Parser(tokensOf(source)).whole();
}

const fail = (why: string): never => {
  throw new CelError(why);
};
const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);
const isMap = (value: Value | undefined): value is Facts =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const truth = (value: Value): boolean => (typeof value === 'boolean' ? value : fail('not true or false'));

const [LEAST, MOST] = [-(2n ** 63n), 2n ** 63n - 1n];
const inBounds = (value: bigint): bigint => (value < LEAST || value > MOST ? fail('integer overflow') : value);

/** Equal as members of a list are: values of different types are different, whole and other numbers compare as numbers. */
function same(one: Value, other: Value): boolean {
  if (isList(one) && isList(other))
    return one.length === other.length && one.every((item, i) => same(item, other[i] ?? null));
  if (typeof one === 'bigint' && typeof other === 'number') return Number(one) === other;
  if (typeof one === 'number' && typeof other === 'bigint') return one === Number(other);
  return one === other;
}

const isNumber = (value: Value): value is bigint | number => typeof value === 'bigint' || typeof value === 'number';

function equal(one: Value, other: Value): boolean {
  const comparable =
    typeof one === typeof other && isList(one) === isList(other) && (one === null) === (other === null);
  return comparable || (isNumber(one) && isNumber(other)) ? same(one, other) : fail('values of different types');
}

function isLess(one: Value, other: Value): boolean {
  if (isNumber(one) && isNumber(other)) return one < other;
  if (typeof one === 'string' && typeof other === 'string') return one < other;
  if (typeof one === 'boolean' && typeof other === 'boolean') return one < other;
  return fail('values that have no order');
}

const isNaN = (value: Value): boolean => typeof value === 'number' && Number.isNaN(value);
const notLess = (one: Value, other: Value): boolean => !isLess(one, other) && !isNaN(one) && !isNaN(other);

type Binary = (one: Value, other: Value) => Value;

function arithmetic(
  whole: (one: bigint, other: bigint) => bigint,
  real: ((one: number, other: number) => number) | undefined,
): Binary {
  return (one, other) => {
    if (typeof one === 'bigint' && typeof other === 'bigint') return inBounds(whole(one, other));
    if (real !== undefined && typeof one === 'number' && typeof other === 'number') return real(one, other);
    return fail('values that are not two numbers of one type');
  };
}

const divided = (by: bigint): bigint => (by === 0n ? fail('division by zero') : by);
const plus = arithmetic(
  (one, other) => one + other,
  (one, other) => one + other,
);

/** By how closely they bind, loosest first. */
const LEVELS: readonly Readonly<Record<string, Binary>>[] = [
  { '==': equal, '!=': (one, other) => !equal(one, other) },
  {
    '<': isLess,
    '>': (one, other) => isLess(other, one),
    '<=': (one, other) => notLess(other, one),
    '>=': notLess,
    in: (one, other) =>
      isList(other)
        ? other.some((item) => same(one, item))
        : isMap(other)
          ? typeof one === 'string' && other[one] !== undefined
          : fail('not a list'),
  },
  {
    '+': (one, other) => {
      if (typeof one === 'string' && typeof other === 'string') return one + other;
      return isList(one) && isList(other) ? [...one, ...other] : plus(one, other);
    },
    '-': arithmetic(
      (one, other) => one - other,
      (one, other) => one - other,
    ),
  },
  {
    '*': arithmetic(
      (one, other) => one * other,
      (one, other) => one * other,
    ),
    '/': arithmetic(
      (one, other) => one / divided(other),
      (one, other) => one / other,
    ),
    '%': arithmetic((one, other) => one % divided(other), undefined),
  },
];

const onTexts =
  (ask: (text: string, part: string) => boolean): Binary =>
  (one, other) =>
    typeof one === 'string' && typeof other === 'string' ? ask(one, other) : fail('not two texts');

const METHODS: Readonly<Record<string, Binary>> = {
  startsWith: onTexts((text, part) => text.startsWith(part)),
  endsWith: onTexts((text, part) => text.endsWith(part)),
  contains: onTexts((text, part) => text.includes(part)),
};

function sizeOf(value: Value): bigint {
  if (typeof value === 'string') return BigInt([...value].length);
  if (isList(value)) return BigInt(value.length);
  return isMap(value) ? BigInt(Object.keys(value).length) : fail('has no size');
}

const CONVERSIONS: Readonly<Record<string, (value: Value) => Value>> = {
  size: sizeOf,
  string(value) {
    if (value === Infinity || value === -Infinity) return value > 0 ? '+Inf' : '-Inf';
    return typeof value === 'object' ? fail('no text') : String(value);
  },
  int(value) {
    if (typeof value === 'bigint') return value;
    // The language wants an error beyond 64 bits; what decided gave the number, and refuses only to calculate with it.
    if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)) : fail('no int');
    if (typeof value === 'string' && /^[+-]?\d{1,19}$/.test(value)) return inBounds(BigInt(value));
    return fail('no whole number');
  },
  double(value) {
    if (typeof value === 'bigint' || typeof value === 'number') return Number(value);
    if (typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) return Number(value);
    return fail('no number');
  },
};

function fieldOf(value: Value, name: string): Value {
  const found = isMap(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return found === undefined ? fail(`there is no ${name}`) : found;
}

function itemOf(list: Value, at: Value): Value {
  if (isMap(list) && typeof at === 'string') return fieldOf(list, at);
  const found = isList(list) && isNumber(at) ? list[Number(at)] : undefined;
  return found === undefined ? fail('there is no such item') : found;
}

/** A failure on one side counts only where the other side does not decide (language definition, "Logical Operators"). */
function either(deciding: boolean, one: Node, other: Node): Node {
  return (scope) => {
    let first: boolean | CelError;
    try {
      first = truth(one(scope));
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      first = error;
    }
    if (first === deciding) return deciding;
    const second = truth(other(scope));
    if (second === deciding || typeof first === 'boolean') return second;
    throw first;
  };
}

/** `exists`, `all`, `exists_one`: the first two as `||` and `&&` over the items, the last fails with any of them. */
function overItems(name: string, list: Node, variable: string, predicate: Node): Node {
  return (scope) => {
    const range = list(scope);
    const items = isList(range) ? range : isMap(range) ? Object.keys(range) : fail('not a list');
    const holds = (item: Value): boolean => truth(predicate({ ...scope, [variable]: item }));
    if (name === 'exists_one') return items.filter(holds).length === 1;
    const deciding = name === 'exists';
    let failed: CelError | undefined;
    for (const item of items) {
      try {
        if (holds(item) === deciding) return deciding;
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
        failed ??= error;
      }
    }
    if (failed !== undefined) throw failed;
    return !deciding;
  };
}

const OVER_ITEMS: ReadonlySet<string> = new Set(['exists', 'all', 'exists_one']);
/** Deeper nesting than any policy has. */
const DEEPEST = 200;

/** What was read: how to evaluate it, and its form as far as macros look at that. */
interface Read {
  readonly node: Node;
  readonly name?: string;
  readonly field?: { readonly of: Node; readonly name: string };
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Node {
    const { node } = this.#expression();
    if (this.#token().kind !== 'end') throw new Unsupported(`"${String(this.#token().value)}" in a condition`);
    return node;
  }

  #token(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', value: '' };
  }

  #is(...marks: readonly string[]): boolean {
    const { kind, value } = this.#token();
    return (kind === 'mark' || (kind === 'name' && value === 'in')) && marks.includes(String(value));
  }

  #take(mark: string): boolean {
    if (!this.#is(mark)) return false;
    this.#at++;
    return true;
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) throw new Unsupported(`a condition without "${mark}" where it belongs`);
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > DEEPEST) throw new Unsupported('a condition that is nested so deeply');
    const done = read();
    this.#depth--;
    return done;
  }

  #expression(): Read {
    return this.#nested(() => {
      const condition = this.#logical('||', () => this.#logical('&&', () => this.#binary(0)));
      if (!this.#take('?')) return condition;
      const yes = this.#expression().node;
      this.#expect(':');
      const no = this.#expression().node;
      return { node: (scope) => (truth(condition.node(scope)) ? yes(scope) : no(scope)) };
    });
  }

  #logical(mark: '||' | '&&', operand: () => Read): Read {
    let left = operand();
    while (this.#take(mark)) left = { node: either(mark === '||', left.node, operand().node) };
    return left;
  }

  #binary(level: number): Read {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    while (this.#is(...Object.keys(operators))) {
      const operator = operators[String(this.#token().value)];
      this.#at++;
      const [one, other] = [left.node, this.#binary(level + 1).node];
      if (operator !== undefined) left = { node: (scope) => operator(one(scope), other(scope)) };
    }
    return left;
  }

  #unary(): Read {
    if (this.#take('!')) {
      const { node } = this.#nested(() => this.#unary());
      return { node: (scope) => !truth(node(scope)) };
    }
    if (!this.#take('-')) return this.#member(this.#primary());
    const { node } = this.#nested(() => this.#unary());
    return {
      node(scope) {
        const value = node(scope);
        return isNumber(value) ? -value : fail('not a number');
      },
    };
  }

  #member(start: Read): Read {
    let read = start;
    for (;;) {
      const { node } = read;
      if (this.#take('[')) {
        const at = this.#expression().node;
        this.#expect(']');
        read = { node: (scope) => itemOf(node(scope), at(scope)) };
      } else if (this.#take('.')) {
        const name = this.#name();
        read = this.#take('(')
          ? this.#method(node, name)
          : { node: (scope) => fieldOf(node(scope), name), field: { of: node, name } };
      } else return read;
    }
  }

  #method(of: Node, name: string): Read {
    const given = this.#arguments();
    const [first, second, more] = given;
    if (OVER_ITEMS.has(name) && first?.name !== undefined && second !== undefined && more === undefined)
      return { node: overItems(name, of, first.name, second.node) };
    if (name === 'size' && first === undefined) return { node: (scope) => sizeOf(of(scope)) };
    const method = METHODS[name];
    if (method === undefined || first === undefined || second !== undefined)
      throw new Unsupported(`${name}() in a condition`);
    return { node: (scope) => method(of(scope), first.node(scope)) };
  }

  #call(name: string): Read {
    const [first, second] = this.#arguments();
    const { field } = first ?? {};
    if (name === 'has' && field !== undefined && second === undefined)
      return {
        node(scope) {
          const of = field.of(scope);
          return isMap(of) && Object.hasOwn(of, field.name) && of[field.name] !== undefined;
        },
      };
    const conversion = Object.hasOwn(CONVERSIONS, name) ? CONVERSIONS[name] : undefined;
    if (conversion === undefined || first === undefined || second !== undefined)
      throw new Unsupported(`${name}() in a condition`);
    return { node: (scope) => conversion(first.node(scope)) };
  }

  #arguments(): readonly Read[] {
    return this.#items(')');
  }

  #items(end: ')' | ']'): readonly Read[] {
    const items: Read[] = [];
    while (!this.#take(end)) {
      items.push(this.#expression());
      if (!this.#is(end)) this.#expect(',');
    }
    return items;
  }

  #name(): string {
    const token = this.#token();
    if (token.kind !== 'name') throw new Unsupported(`"${String(token.value)}" where a name belongs`);
    this.#at++;
    return token.value;
  }

  #primary(): Read {
    const token = this.#token();
    if (token.kind === 'number' || token.kind === 'string') {
      this.#at++;
      return { node: () => token.value };
    }
    if (this.#take('(')) {
      const { node } = this.#expression();
      this.#expect(')');
      return { node };
    }
    if (this.#take('[')) {
      const items = this.#items(']').map(({ node }) => node);
      return { node: (scope) => items.map((item) => item(scope)) };
    }
    const name = this.#name();
    if (this.#take('(')) return this.#call(name);
    const word = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
    if (word !== undefined) return { node: () => word };
    return { name, node: (scope) => fieldOf(scope, name) };
  }
}

const WORDS: Readonly<Record<string, Value>> = { true: true, false: false, null: null };
