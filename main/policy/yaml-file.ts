import { isMap, isScalar, LineCounter, parseDocument, type Document, type Node, visit } from 'yaml';
import { type z } from 'zod';
import { definition, unwrap } from './zod-definition.ts';

/** One thing wrong with a file: where, what, and which choices there are. Lines and columns count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly choices?: readonly string[];
}

export type Path = readonly PropertyKey[];

/** A configuration file that has its schema's shape, and still knows where each of its parts stands in the text. */
export interface YamlFile<T> {
  readonly value: T;
  /** Turns a path such as `['rules', 3, 'to']` into a problem at that place; the nearest existing parent else. */
  problem(path: Path, message: string, choices?: readonly string[]): Problem;
}

export type YamlResult<T> =
  { readonly ok: true; readonly file: YamlFile<T> } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Larger files are refused before they are parsed; bytes of UTF-8. */
export const MAX_FILE_BYTES = 1024 * 1024;
const MAX_PROBLEMS = 20;

/** What the YAML parser says, as a syntax error, when a text exhausts the stack. */
const OVERFLOW = /stack overflow|call stack/i;

/**
 * Reads YAML 1.2 (core schema, one document) and checks it against `schema`. Anchors and aliases, unknown tags,
 * duplicate keys and unknown keys are refused: what a reader skims over must not mean something else to the program.
 */
export function readYaml<T>(text: string, schema: z.ZodType<T>): YamlResult<T> {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) {
    return failed([{ line: 1, column: 1, message: `the file is larger than ${MAX_FILE_BYTES} bytes` }]);
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    prettyErrors: false,
  });
  const syntax = [...document.errors, ...document.warnings];
  const deep = syntax.find((error) => OVERFLOW.test(error.message));
  if (deep !== undefined) return failed([{ ...at(deep.pos[0]), message: 'the file is nested too deeply' }]);
  if (syntax.length > 0) return failed(syntax.map((error) => ({ ...at(error.pos[0]), message: error.message })));

  const hidden = offsetOfHidden(document);
  if (hidden !== undefined) return failed([{ ...at(hidden), message: `${HIDDEN_KEY} can name nothing here` }]);
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    const alias = error instanceof ReferenceError;
    const message = alias
      ? 'anchors and aliases (&name, *name) are not read here: repeat the text'
      : 'the file is nested too deeply';
    return failed([{ line: 1, column: 1, message }]);
  }
  const problem = (path: Path, message: string, choices?: readonly string[]): Problem => ({
    ...at(offsetOf(document, path)),
    message,
    ...(choices === undefined ? {} : { choices }),
  });
  const checked = schema.safeParse(plain, { reportInput: true });
  if (checked.success) return { ok: true, file: { value: checked.data, problem } };
  return failed(checked.error.issues.flatMap((issue) => describe(issue, schema, problem)));
}

/** A key that JavaScript keeps out of objects made from a file: what is written below it would be read by nobody. */
const HIDDEN_KEY = '__proto__';

function offsetOfHidden(document: Document): number | undefined {
  let found: number | undefined;
  visit(document, {
    Pair(_key, { key }) {
      if (!isScalar(key) || key.value !== HIDDEN_KEY) return undefined;
      found = key.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return found;
}

function failed(problems: readonly Problem[]): { readonly ok: false; readonly problems: readonly Problem[] } {
  const ordered = [...problems].sort((one, other) => one.line - other.line || one.column - other.column);
  return { ok: false, problems: ordered.slice(0, MAX_PROBLEMS) };
}

/** One line per problem, as an editor or a compiler prints them: `policy.yaml:12:5: unknown key "alow" (...)`. */
export function printProblems(file: string, problems: readonly Problem[]): string {
  return problems
    .map(({ line, column, message, choices }) => {
      const list = choices === undefined || choices.length === 0 ? '' : ` (choices: ${choices.join(', ')})`;
      return `${file}:${line}:${column}: ${message}${list}`;
    })
    .join('\n');
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodType, problem: YamlFile<unknown>['problem']): Problem[] {
  const name = nameOf(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        problem([...issue.path, key], `unknown key "${key}" in ${name}`, keysAt(schema, issue.path)),
      );
    case 'invalid_value':
      return [
        problem(
          issue.path,
          issue.input === undefined ? `${name} is missing` : `${name} is not one of its choices`,
          issue.values.map(String),
        ),
      ];
    case 'invalid_type':
      return [
        issue.input === undefined
          ? problem(issue.path, `${name} is missing`)
          : problem(issue.path, `${name} must be ${EXPECTED[issue.expected] ?? issue.expected}`),
      ];
    case 'invalid_union': {
      const choices = discriminators(schema, issue.path);
      const what = choices.length > 0 || issue.message === UNION ? 'is not one of its choices' : issue.message;
      return [problem(issue.path, `${name} ${what}`, choices)];
    }
    default:
      return [problem(issue.path, issue.code === 'custom' ? issue.message : `${name}: ${issue.message}`)];
  }
}

/** What zod says of a union that has no words of its own. */
const UNION = 'Invalid input';

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map of keys',
  record: 'a map of keys',
  array: 'a list',
};

/** Places in lists are left out: the line says which item it is. */
function nameOf(path: Path): string {
  const keys = path.filter((step) => typeof step !== 'number');
  return keys.length === 0 ? 'the file' : keys.map(String).join('.');
}

/** Offset of the node at `path`: the key of a map entry (also an unknown one), an item of a list, or a parent. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = nodeAt(document, path.slice(0, length - 1));
    const last = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => keyOf(item.key) === last);
      const start = rangeStart(pair?.key);
      if (start !== undefined) return start;
    }
    const start = rangeStart(nodeAt(document, path.slice(0, length)));
    if (start !== undefined) return start;
  }
  return rangeStart(document.contents) ?? 0;
}

function nodeAt(document: Document, path: Path): unknown {
  return path.length === 0 ? document.contents : document.getIn(path, true);
}

function keyOf(key: unknown): unknown {
  return typeof key === 'object' && key !== null && 'value' in key ? key.value : key;
}

function rangeStart(node: unknown): number | undefined {
  return typeof node === 'object' && node !== null && 'range' in node
    ? (node as Pick<Node, 'range'>).range?.[0]
    : undefined;
}

/** The keys that the schema knows at a path: what to offer for a key it does not know. */
function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  let here = unwrap(schema);
  for (const step of path) here = unwrap(childOf(here, step));
  const options = definition(here).options ?? [here];
  return [...new Set(options.flatMap((option) => Object.keys(definition(option).shape ?? {})))];
}

/** The values that choose between the shapes of a discriminated union whose discriminator stands at `path`. */
function discriminators(schema: z.ZodType, path: Path): readonly string[] {
  let here: unknown = schema;
  for (const step of path.slice(0, -1)) here = childOf(unwrap(here), step);
  const options = definition(unwrap(here)).options ?? [];
  const key = String(path[path.length - 1]);
  return options.flatMap((option) => definition(definition(option).shape?.[key]).values ?? []).map(String);
}

function childOf(schema: unknown, step: PropertyKey): unknown {
  const { shape, element, valueType } = definition(schema);
  return shape?.[String(step)] ?? element ?? valueType;
}
