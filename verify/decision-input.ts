/** What the record says a decision was made from (docs/policy.md, "Deciding again"), read strictly. */
import { Unsupported } from './cel-lexer.ts';
import { isObject, parseObject, type Json } from './json.ts';
import { type Circumstances, type Relation } from './policy-match.ts';

export interface AskedQuestion {
  readonly action: string;
  readonly on: Relation;
  /** As recorded: see `plainAnswer` of decision-again.ts. */
  readonly answer: unknown;
}

/** One classified column, where it comes out or is used. */
export interface ClassifiedColumn {
  readonly schema: string;
  readonly relation: string;
  readonly column: string;
  readonly class: string;
  readonly group: string;
  /** Who says so: the classification, a comment on the column, or a detector. */
  readonly by: 'file' | 'comment' | 'detector';
  /** Where it comes out: the output, and how its values reach it. */
  readonly output?: { readonly at: number; readonly shows: string };
  /** Where it is used otherwise. */
  readonly use?: {
    readonly place: string;
    readonly form: string | undefined;
    readonly view: string | undefined;
    readonly notNull: boolean;
  };
}

export interface AppliedMask {
  readonly output: number;
  readonly class: string;
  readonly masker: Json;
}

/** Rows, bytes, milliseconds. */
export interface RecordedLimits {
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
}

export interface DecisionInput {
  readonly asked: Circumstances;
  /** When they last proved again who they are; milliseconds since 1970 UTC. */
  readonly steppedUpAt: number | undefined;
  readonly action: string;
  /** Of rows that leave the screen: how many. */
  readonly rows: number | undefined;
  /** SHA-256 of the classification, hex. */
  readonly classes: string;
  /** True where the statement was too large for its questions to be kept. */
  readonly cut: boolean;
  readonly questions: readonly AskedQuestion[];
  readonly views: readonly { readonly schema: string; readonly name: string }[];
  readonly columns: readonly ClassifiedColumn[];
  readonly allowed:
    | {
        readonly envelope: string;
        /** What the policy allows. */
        readonly limits: RecordedLimits;
        /** What was left of it: the rows of the hour, the time until a grant or the login ends. */
        readonly left: RecordedLimits | undefined;
        readonly rowsPerHour: number | undefined;
        readonly watermark: boolean;
        /** Whether rows may leave the screen; undefined in records from before it was asked. */
        readonly leaving: string | undefined;
        readonly masks: readonly AppliedMask[];
        readonly minimum: number | undefined;
        readonly record: string | undefined;
      }
    | undefined;
}

/** @throws Unsupported for another version, or a form that version 1 does not have */
export function readDecisionInput(bytes: Buffer): DecisionInput {
  const given = parseObject(bytes) ?? wrong('JSON');
  if (given.v !== 1) throw new Unsupported('a form of what decisions were made from');
  const answers = list(given.answers ?? []);
  return {
    asked: circumstances(given),
    steppedUpAt: steppedUpAt(object(given.person)),
    action: text(given.action),
    rows: given.rows === undefined ? undefined : number(given.rows),
    classes: text(given.classes),
    cut: given.cut === true,
    questions: list(given.asked ?? []).map((item) => {
      const { action, on, answer } = object(item);
      return { action: text(action), on: relation(on), answer: answers[number(answer)] };
    }),
    views: list(given.views ?? []).map((item) => {
      const [schema, name] = list(item);
      return { schema: text(schema), name: text(name) };
    }),
    columns: list(given.columns ?? []).map(column),
    allowed: given.allowed === undefined ? undefined : allowed(object(given.allowed)),
  };
}

function steppedUpAt({ steppedUpAt: given }: Json): number | undefined {
  return given === undefined ? undefined : time(given);
}

function time(given: unknown): number {
  const read = Date.parse(text(given));
  return Number.isNaN(read) ? wrong('a time') : read;
}

function circumstances({ at, person, agent, service, connection, grants, rows, rowsLastHour }: Json): Circumstances {
  const { name, email, groups, verified, acr, amr } = object(person);
  const where = object(connection);
  return {
    person: {
      ...optional('name', name),
      ...optional('email', email),
      groups: groups === 'unknown' ? groups : list(groups).map(text),
      verified: verified === true,
      ...optional('acr', acr),
      ...(amr === undefined ? {} : { amr: list(amr).map(text) }),
    },
    ...optional('agent', agent),
    ...optional('service', service),
    connection: {
      name: text(where.name),
      env: text(where.env),
      database: text(where.database),
      ...optional('team', where.team),
    },
    grants: list(grants).map(text),
    at: time(at),
    ...(rows === undefined ? {} : { estimatedRows: number(rows) }),
    ...(rowsLastHour === undefined ? {} : { rowsLastHour: number(rowsLastHour) }),
  };
}

function relation(on: unknown): Relation {
  if (on === 'none' || on === 'unknown') return on;
  const { schema, name } = object(on);
  return { schema: text(schema), name: text(name) };
}

function column(item: unknown): ClassifiedColumn {
  const given = object(item);
  const [schema, relationName, name] = list(given.column);
  return {
    schema: text(schema),
    relation: text(relationName),
    column: text(name),
    class: text(given.class),
    group: text(given.group),
    by: given.detected === true ? 'detector' : given.commented === true ? 'comment' : 'file',
    ...(given.output === undefined ? {} : { output: { at: number(given.output), shows: text(given.shows) } }),
    ...(given.place === undefined
      ? {}
      : {
          use: {
            place: text(given.place),
            form: given.form === undefined ? undefined : text(given.form),
            view: given.view === undefined ? undefined : text(given.view),
            notNull: given.notNull === true,
          },
        }),
  };
}

function allowed(given: Json): NonNullable<DecisionInput['allowed']> {
  const { envelope, limits, left, masks, minimum, record, rowsPerHour, watermark, leaving } = given;
  return {
    envelope: text(envelope),
    limits: recordedLimits(limits),
    left: left === undefined ? undefined : recordedLimits(left),
    masks: list(masks).map((item) => {
      const mask = object(item);
      return { output: number(mask.output), class: text(mask.class), masker: object(mask.masker) };
    }),
    minimum: minimum === undefined ? undefined : number(minimum),
    record: record === undefined ? undefined : text(record),
    rowsPerHour: rowsPerHour === undefined ? undefined : number(rowsPerHour),
    watermark: watermark !== undefined,
    leaving: leaving === undefined ? undefined : text(leaving),
  };
}

function recordedLimits(given: unknown): RecordedLimits {
  const { rows, bytes, ms } = object(given);
  return { rows: number(rows), bytes: number(bytes), ms: number(ms) };
}

function wrong(what: string): never {
  throw new Unsupported(`what a decision was made from without ${what}`);
}
const object = (value: unknown): Json => (isObject(value) ? value : wrong('an object'));
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : wrong('a list'));
const text = (value: unknown): string => (typeof value === 'string' ? value : wrong('a text'));
const number = (value: unknown): number => (typeof value === 'number' ? value : wrong('a number'));
const optional = <K extends string>(key: K, value: unknown): Partial<Record<K, string>> =>
  value === undefined ? {} : ({ [key]: text(value) } as Record<K, string>);
