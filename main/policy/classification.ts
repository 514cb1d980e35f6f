import { z } from 'zod';
import { type PolicyContext } from './compiled-policy.ts';
import { type Masker, masker } from './masker.ts';
import { readYaml, type Path, type Problem, type YamlFile } from './yaml-file.ts';
import { NAME, NAME_RULE } from './vocabulary.ts';

/**
 * Which columns hold what kind of value (classification.yaml). Policy speaks of classes and groups of classes, never
 * of columns; this file and the content detectors say which columns those are.
 */

export { type Masker };

/** A base column by its catalog names. */
export interface ColumnName {
  readonly schema: string;
  readonly relation: string;
  readonly column: string;
}

export interface ColumnClass {
  /** For example `email`. */
  readonly class: string;
  /** The group of classes, for example `pii`. */
  readonly group: string;
  /** What a person calls it: `e-mail address`. */
  readonly title: string;
  /** What policy's `partial` means for this class. */
  readonly masker: Masker;
  /** Written in the file, said by a comment in the database, or found in the values by a detector. */
  readonly source: 'file' | 'comment' | 'detected';
}

/**
 * What to do with columns that detectors recognised and nobody classified: nothing; propose a classification; show them
 * with a warning; or treat them as classified, and mask what a result shows of them.
 */
const DETECT_MODES = ['off', 'suggest', 'warn', 'mask'] as const;
export type DetectMode = (typeof DETECT_MODES)[number];

/** Whether comments on columns classify them: `[class: email]` anywhere in the comment. */
const COMMENT_MODES = ['use', 'off'] as const;
export type CommentMode = (typeof COMMENT_MODES)[number];

export interface Classification {
  readonly detect: DetectMode;
  readonly comments: CommentMode;
  readonly classes: ReadonlyMap<string, Omit<ColumnClass, 'source'>>;
  /** By connection name, or `*` for all; then by `columnKey`. */
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** Classes found by detectors on one connection, by `columnKey`. */
export type DetectedColumns = ReadonlyMap<string, string>;

/** Classes that comments on a connection's columns say, by `columnKey`. */
export type CommentedColumns = ReadonlyMap<string, string>;

/** The class that a comment on a column says, whether or not classification.yaml knows it; undefined where it says none. */
export const commentedClass = (comment: string): string | undefined =>
  /\[\s*class\s*:\s*([a-z0-9][a-z0-9_-]{0,62})\s*\]/i.exec(comment)?.[1]?.toLowerCase();

export type ClassificationResult =
  | { readonly ok: true; readonly classification: Classification }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const classificationFile = z.strictObject({
  version: z.literal(1),
  detect: z.enum(DETECT_MODES).default('suggest'),
  comments: z.enum(COMMENT_MODES).default('use'),
  classes: z
    .record(
      z.string(),
      z.strictObject({
        group: z.string().regex(NAME, `must be ${NAME_RULE}`),
        masker,
        title: z.string().min(1).max(80).optional(),
      }),
    )
    .default({}),
  columns: z
    .array(
      z.strictObject({
        connections: z.preprocess(
          (value) => (typeof value === 'string' ? [value] : value),
          z.array(z.string().max(64)).min(1).optional(),
        ),
        classes: z.record(z.string().max(300), z.string().max(64)),
      }),
    )
    .max(500)
    .default([]),
});
type ClassificationFile = z.output<typeof classificationFile>;

/** Reads classification.yaml. `connections` are the names that exist; any other is a problem with its line. */
export function readClassification(text: string, connections: readonly string[]): ClassificationResult {
  const read = readYaml(text, classificationFile);
  if (!read.ok) return read;
  const { file } = read;
  const problems = [...classProblems(file)];
  const columns = new Map<string, Map<string, string>>();
  file.value.columns.forEach((entry, index) => {
    for (const [position, connection] of (entry.connections ?? ['*']).entries()) {
      if (connection !== '*' && !connections.includes(connection)) {
        const path = ['columns', index, 'connections', position];
        problems.push(file.problem(path, `no connection is called "${connection}"`, connections));
      }
      const known = columns.get(connection) ?? new Map<string, string>();
      columns.set(connection, known);
      for (const [name, className] of Object.entries(entry.classes)) {
        problems.push(...addColumn(file, ['columns', index, 'classes', name], name, className, known));
      }
    }
  });
  if (problems.length > 0) return { ok: false, problems };
  const classes = new Map(Object.entries(file.value.classes).map(([name, entry]) => [name, classOf(name, entry)]));
  const { detect, comments } = file.value;
  return { ok: true, classification: { detect, comments, classes, columns } };
}

function addColumn(
  file: YamlFile<ClassificationFile>,
  path: Path,
  name: string,
  className: string,
  known: Map<string, string>,
): Problem[] {
  const column = parseColumn(name);
  if (column === undefined) return [file.problem(path, `"${name}" is not of the form schema.table.column`)];
  const key = columnKey(column);
  const before = known.get(key);
  if (before !== undefined && before !== className) {
    return [file.problem(path, `"${name}" is classified twice, as ${before} and as ${className}`)];
  }
  known.set(key, className);
  if (Object.hasOwn(file.value.classes, className)) return [];
  return [file.problem(path, `no class is called "${className}"`, Object.keys(file.value.classes))];
}

function* classProblems(file: YamlFile<ClassificationFile>): Iterable<Problem> {
  const groups = new Set(Object.values(file.value.classes).map((entry) => entry.group));
  for (const [name, entry] of Object.entries(file.value.classes)) {
    if (!NAME.test(name)) yield file.problem(['classes', name], `the class name "${name}" must be ${NAME_RULE}`);
    // A mask on "secret" must not mean two things; a class may carry the name of its own group.
    if (groups.has(name) && entry.group !== name) {
      yield file.problem(
        ['classes', name],
        `"${name}" is both a class and a group of other classes: name one differently`,
      );
    }
  }
}

function classOf(name: string, entry: ClassificationFile['classes'][string]): Omit<ColumnClass, 'source'> {
  return { class: name, group: entry.group, title: entry.title ?? name, masker: entry.masker };
}

/** `schema.table.column`, each part plain or in double quotes as SQL writes them ("" inside for a quote). */
export function parseColumn(text: string): ColumnName | undefined {
  const parts: string[] = [];
  const part = /(?:"((?:[^"]|"")+)"|([^".]+))(\.|$)/y;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (match === null || (match[3] === '.' && part.lastIndex === text.length)) return undefined;
    parts.push(match[2] ?? (match[1] ?? '').replaceAll('""', '"'));
  }
  const [schema, relation, column] = parts;
  if (parts.length !== 3 || schema === undefined || relation === undefined || column === undefined) return undefined;
  return { schema, relation, column };
}

/**
 * A classification as JSON: what the record keeps of it. Columns are `"schema"."relation"."column"` in the file's own way
 * of writing, sorted, by connection or `*`.
 */
export function classificationDocument({ detect, comments, classes, columns }: Classification): string {
  const written = [...columns]
    .sort(byName)
    .map(([connection, known]) => [
      connection,
      Object.fromEntries(
        [...known].map(([key, name]): [string, string] => [columnText(columnOfKey(key)), name]).sort(byName),
      ),
    ]);
  const meant = [...classes].sort(byName).map(([name, { group, masker: how }]) => [name, { group, masker: how }]);
  return JSON.stringify({ detect, comments, classes: Object.fromEntries(meant), columns: Object.fromEntries(written) });
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : one > other ? 1 : 0;

/** As `parseColumn` reads it. */
function columnText({ schema, relation, column }: ColumnName): string {
  return [schema, relation, column].map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
}

/** One string per column, for maps. Catalog names never hold NUL. */
export function columnKey(column: ColumnName): string {
  return `${column.schema}\0${column.relation}\0${column.column}`;
}

function columnOfKey(key: string): ColumnName {
  const [schema = '', relation = '', column = ''] = key.split('\0');
  return { schema, relation, column };
}

/** The classified columns of one connection: what decide.ts asks. */
export interface ClassifiedColumns {
  of(column: ColumnName): ColumnClass | undefined;
  /** Every classified column of a relation. */
  in(schema: string, relation: string): readonly { readonly column: ColumnName; readonly class: ColumnClass }[];
}

/**
 * What kind of value a column holds. The file comes first (this connection, then every connection), then the column's comment;
 * detected columns count only under `detect: mask`. A class that the file does not define, of a comment or of a detector, is
 * masked whole, in the group pii.
 */
export function classify(
  classification: Classification,
  connection: string,
  column: ColumnName,
  detected?: DetectedColumns,
  commented?: CommentedColumns,
): ColumnClass | undefined {
  const key = columnKey(column);
  const written = classification.columns.get(connection)?.get(key) ?? classification.columns.get('*')?.get(key);
  const entry = written === undefined ? undefined : classification.classes.get(written);
  if (entry !== undefined) return { ...entry, source: 'file' };
  const said = classification.comments === 'use' ? commented?.get(key) : undefined;
  if (said !== undefined) return { ...classNamed(classification, said), source: 'comment' };
  const found = classification.detect === 'mask' ? detected?.get(key) : undefined;
  return found === undefined ? undefined : detectedClass(classification, found);
}

/** The class that a detector's finding stands for. */
export function detectedClass(classification: Pick<Classification, 'classes'>, found: string): ColumnClass {
  return { ...classNamed(classification, found), source: 'detected' };
}

function classNamed({ classes }: Pick<Classification, 'classes'>, name: string): Omit<ColumnClass, 'source'> {
  return classes.get(name) ?? { class: name, group: 'pii', title: name, masker: { kind: 'redact' } };
}

/** `classify` bound to one connection. */
export function classifiedColumns(
  classification: Classification,
  connection: string,
  detected?: DetectedColumns,
  commented?: CommentedColumns,
): ClassifiedColumns {
  const of = (column: ColumnName) => classify(classification, connection, column, detected, commented);
  return {
    of,
    in(schema, relation) {
      const keys = new Set([
        ...(classification.columns.get(connection)?.keys() ?? []),
        ...(classification.columns.get('*')?.keys() ?? []),
        ...(detected?.keys() ?? []),
        ...(commented?.keys() ?? []),
      ]);
      return [...keys]
        .filter((key) => key.startsWith(`${schema}\0${relation}\0`))
        .sort()
        .flatMap((key) => {
          const column = columnOfKey(key);
          const found = of(column);
          return found === undefined ? [] : [{ column, class: found }];
        });
    },
  };
}

/**
 * The classes that a policy may name, each with the number of columns that the file says are of it. Where detectors' findings
 * count too, nobody knows how many there are.
 */
export function policyClasses({
  detect,
  classes,
  columns,
}: Pick<Classification, 'detect' | 'classes' | 'columns'>): PolicyContext['classes'] {
  const named = [...columns.values()].flatMap((known) => [...known.values()]);
  return [...classes.values()].map(({ class: name, group }) => {
    const count = named.filter((other) => other === name).length;
    return { name, group, ...(detect === 'mask' ? {} : { columns: count }) };
  });
}
