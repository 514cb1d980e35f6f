import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Effect, type Hazard, type Span } from '../../facts.ts';

/**
 * What PostgreSQL itself brings: functions, operators, types and catalog relations of pg_catalog and information_schema of
 * every supported version, each function and relation with the verdict of a review (scripts/postgres-builtins.ts makes
 * the file). Volatility is no guide: STABLE functions run SQL text and one takes a transaction id. Unlisted is refused.
 */
const signature = z
  .tuple([z.int(), z.int(), z.enum(['y', 'm', 'n']), z.string(), z.string(), z.string()])
  .rest(z.array(z.string()));
const file = z.object({
  majors: z.tuple([z.int(), z.int()]),
  operators: z.record(z.string(), z.array(z.string())),
  types: z.record(z.string(), z.array(z.string())),
  relations: z.record(z.string(), z.tuple([z.string(), z.record(z.string(), z.string().nullable())])),
  functions: z.record(z.string(), z.array(signature)),
});

export interface BuiltinSignature {
  /** Fewest and most arguments; most is Infinity for a variadic function. */
  readonly least: number;
  readonly most: number;
  readonly allow: 'yes' | 'metadata' | 'no';
  readonly class: string;
  readonly returnsSet: boolean;
  /** `any`: the type follows an argument, and may be a row. */
  readonly returns: 'scalar' | 'row' | 'any';
  /** Names of its columns in FROM, where it has OUT arguments. */
  readonly columns: readonly string[] | undefined;
  /** The major versions that have it, both included. */
  readonly majors: MajorRange;
}

type MajorRange = readonly [since: number, until: number];

export interface BuiltinRelation {
  readonly schema: string;
  readonly name: string;
  /** metadata, definitions; or what is refused: values, secrets, others, unknown. */
  readonly class: string;
  readonly columns: readonly string[];
}

const builtins = file.parse(JSON.parse(readFileSync(new URL('./builtins.json', import.meta.url), 'utf8')));

/** The major versions of PostgreSQL that were reviewed: the oldest and the newest. */
export const BUILTIN_MAJORS: MajorRange = builtins.majors;
const [OLDEST, NEWEST] = BUILTIN_MAJORS;

const operators: ReadonlySet<string> = new Set(Object.values(builtins.operators).flat());
const types: ReadonlyMap<string, MajorRange> = new Map(
  Object.entries(builtins.types).flatMap(([versions, names]) =>
    names.map((name) => [name, rangeOf(versions)] as const),
  ),
);
const functions = new Map(Object.entries(builtins.functions).map(([name, list]) => [name, list.map(signatureOf)]));
const relations = new Map(
  Object.entries(builtins.relations).map(([key, [reviewed, since]]) => [key, formsOf(key, reviewed, since)]),
);

/** '' for every version, '14-' since 14, '-16' up to 16, '14-16' both. */
function rangeOf(versions: string): MajorRange {
  const [since = '', until = ''] = versions.split('-');
  return [since === '' ? OLDEST : Number(since), until === '' ? NEWEST : Number(until)];
}

function signatureOf([least, most, allow, reviewed, flags, versions, columns]: z.infer<
  typeof signature
>): BuiltinSignature {
  const kind = flags.at(-1);
  return {
    least,
    most: most < 0 ? Number.POSITIVE_INFINITY : most,
    allow: allow === 'y' ? 'yes' : allow === 'm' ? 'metadata' : 'no',
    class: reviewed,
    returnsSet: flags.slice(0, -1).includes('s'),
    returns: kind === 'r' ? 'row' : kind === 'a' ? 'any' : 'scalar',
    columns,
    majors: rangeOf(versions),
  };
}

/** A relation as it is since each version in which it changed; undefined where it is not there. */
type Forms = readonly (readonly [since: number, relation: BuiltinRelation | undefined])[];

/** Newest first. */
function formsOf(key: string, reviewed: string, since: Readonly<Record<string, string | null>>): Forms {
  const dot = key.indexOf('.');
  const [schema, name] = [key.slice(0, dot), key.slice(dot + 1)];
  return Object.entries(since)
    .map(([major, columns]) => {
      const relation = columns === null ? undefined : { schema, name, class: reviewed, columns: columns.split(' ') };
      return [Number(major), relation] as const;
    })
    .sort(([a], [b]) => b - a);
}

export function isBuiltinOperator(name: string): boolean {
  return operators.has(name);
}

/** Without a version, whether any has it. */
export function isBuiltinType(name: string, major?: number): boolean {
  const range = types.get(name);
  return range !== undefined && (major === undefined || isWithin(range, major));
}

/** As the version has it, or where none is given the newest that has it. A version that was not reviewed has all. */
export function builtinRelation(schema: string, name: string, major?: number): BuiltinRelation | undefined {
  const forms = relations.get(`${schema}.${name}`);
  if (major === undefined || !isReviewedMajor(major)) return forms?.find(([, relation]) => relation !== undefined)?.[1];
  return forms?.find(([since]) => since <= major)?.[1];
}

export function isReviewedMajor(major: number): boolean {
  return isWithin(BUILTIN_MAJORS, major);
}

function isWithin([since, until]: MajorRange, major: number): boolean {
  return since <= major && major <= until;
}

/** The one function of information_schema that clients call: JDBC numbers the columns of a primary key by it. */
const EXPAND_ARRAY_NAME = 'information_schema._pg_expandarray';
const EXPAND_ARRAY = signatureOf([1, 1, 'y', 'pure', 'sr', '', ['x', 'n']]);

/** How a function is called, as far as it tells its overloads apart. */
export interface Call {
  /** As written: `name` or `schema.name`. */
  readonly name: readonly string[];
  /** Number of arguments; undefined where VARIADIC, named arguments or WITHIN GROUP leave it open. */
  readonly count: number | undefined;
  readonly span: Span | undefined;
}

/**
 * All overloads of pg_catalog that the call could mean on the version, or on any where none is given; empty where it can
 * mean none.
 */
export function builtinSignatures(call: Call, major?: number): readonly BuiltinSignature[] {
  const [first = '', second] = call.name;
  if (call.name.join('.') === EXPAND_ARRAY_NAME) return call.count === 1 ? [EXPAND_ARRAY] : [];
  if (call.name.length > 2 || (second !== undefined && first !== 'pg_catalog')) return [];
  const overloads = functions.get(second ?? first) ?? [];
  // unnest(a, b) in FROM is the SQL standard's, and means unnest(a) beside unnest(b).
  const count = call.name.length === 1 && first === 'unnest' && call.count !== undefined ? 1 : call.count;
  return overloads.filter(
    (one) =>
      (count === undefined || (one.least <= count && count <= one.most)) &&
      (major === undefined || !isReviewedMajor(major) || isWithin(one.majors, major)),
  );
}

const EFFECTS: Readonly<Record<string, readonly Effect[]>> = {
  'random/time': ['random-or-time'],
  runs_sql: ['runs-sql'],
  writes: ['writes'],
  session: ['session'],
  file: ['file'],
  network: ['network'],
  lock: ['lock'],
  signal: ['signal'],
  reads_data: ['reads'],
};

const REFUSALS: Readonly<Record<string, string>> = {
  pure: 'is an internal function that queries have no use for',
  reads_catalog: 'shows the inside of the server',
  reads_data: 'gives out values of rows, sequences, large objects or other sessions without naming a table',
  runs_sql: 'runs SQL from a string, or reads a table named in a string, which cannot be judged here',
  writes: 'changes data or the state of the server',
  session: 'changes or exports the state of the session',
  file: 'reads or writes files of the server',
  network: 'opens connections from the server',
  lock: 'takes locks',
  signal: 'sends signals to other sessions or to the server',
  'random/time': 'holds the connection',
  unknown: 'is not meant to be called from a query',
};

export type FunctionVerdict =
  | { readonly allowed: true; readonly effects: readonly Effect[] }
  | { readonly allowed: false; readonly effects: readonly Effect[]; readonly hazard: Hazard };

/** Allowed only where every overload that the server could pick is: one bad candidate makes the call bad. */
export function judgeCall(call: Call): FunctionVerdict {
  const written = call.name.join('.');
  const place = call.span === undefined ? {} : { span: call.span };
  const candidates = builtinSignatures(call);
  const effects = [...new Set(candidates.flatMap((one) => EFFECTS[one.class] ?? []))];
  if (candidates.length === 0) return { allowed: false, effects, hazard: unknownFunction(call) };
  const refused = candidates.find((one) => one.allow === 'no');
  if (refused === undefined) return { allowed: true, effects };
  return {
    allowed: false,
    effects,
    hazard: {
      code: 'refused-function',
      sentence: `${written}() ${REFUSALS[refused.class] ?? 'has not been reviewed'}.`,
      next: 'Write the query without it.',
      ...place,
    },
  };
}

/** What is said of a call that can mean no function of PostgreSQL's own, and none that is known otherwise. */
export function unknownFunction({ name, count, span }: Call): Hazard {
  const written = name.join('.');
  return {
    code: 'unknown-function',
    sentence:
      name.length === 1 && functions.has(written)
        ? `${written}() of PostgreSQL is not called with ${count ?? 'these'} arguments, so this must be another function, and what it does is not known.`
        : `${written}() is not a function that is known here: what it reads or changes is not known.`,
    next: 'Write the query over the tables themselves, with built-in functions only.',
    ...(span === undefined ? {} : { span }),
  };
}

const RELATION_REFUSALS: Readonly<Record<string, string>> = {
  values: 'holds values taken from the rows of tables, masked ones among them',
  secrets: 'holds passwords or connection secrets',
  others: 'shows what other sessions are doing, with the text of their statements',
  unknown: 'has not been reviewed',
};

/** Catalog relations that describe the database may be read; those that hold values, secrets or other people's texts not. */
export function judgeCatalogRelation(relation: BuiltinRelation, span: Span | undefined): Hazard | undefined {
  const reason = RELATION_REFUSALS[relation.class];
  if (reason === undefined) return undefined;
  return {
    code: 'refused-catalog',
    sentence: `${relation.schema}.${relation.name} ${reason}.`,
    next: 'Read pg_class, pg_attribute or information_schema for the description of tables.',
    ...(span === undefined ? {} : { span }),
  };
}
