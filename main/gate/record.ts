import {
  type Actor,
  type ColumnRecord,
  type Database,
  type Decision,
  type Operation,
  type StatementIntent,
} from '../audit/events.ts';
import { type Principal, type Session } from '../identity/principal.ts';
import { type Connection } from '../profile/types.ts';
import { type Action, type BaseColumn } from './facts.ts';
import { type Judged } from './judge.ts';
import { type GateRequest, type Judgement } from './request.ts';
import { type Reason, type Verdict } from './verdict.ts';
import { whyOf } from './record-why.ts';
import { type WorkingSession } from './working-sessions.ts';

/** What the record says of a statement: made from the judgement alone, so that both tell the same story. */
export function intentOf(
  { id, bind }: WorkingSession,
  request: GateRequest,
  { connection, judgement, policyHash, classOf, decidedFrom }: RecordedJudgement,
  comparedHash: (columnClass: string, value: string) => string,
): StatementIntent {
  const why = whyOf(request);
  return {
    s: id,
    actor: actorOf(request.session, bind),
    src: { door: request.origin },
    db: databaseOf(connection),
    op: operationOf(request, judgement, classOf),
    pol: {
      ...decisionOf(judgement.verdict, policyHash),
      ...permitsOf(judgement.verdict, request, comparedHash),
      input: { text: decidedFrom(judgement.verdict) },
    },
    ...(Object.keys(why).length === 0 ? {} : { why }),
  };
}

type RecordedJudgement = Pick<Judged, 'connection' | 'judgement' | 'policyHash' | 'classOf' | 'decidedFrom'>;

/** @param bind index of the leaf that ties the login's device key to the person, in the log that the actor is for */
export function actorOf(session: Session, bind?: number): Actor {
  const { principal } = session;
  return {
    user: {
      iss: principal.issuer,
      sub: principal.subject,
      name: principal.name,
      ...(principal.email === undefined ? {} : { email: principal.email }),
      groups: principal.groups,
      verified: principal.verified,
    },
    ...agentOf(principal),
    ...(principal.service === undefined ? {} : { service: principal.service.name }),
    ...(bind === undefined ? {} : { bind }),
  };
}

/** Its instance is the token that it came with: several of one name may be at work for one person. */
function agentOf({ agent }: Principal): Pick<Actor, 'agent'> {
  if (agent === undefined) return {};
  const { id, name, token } = agent;
  return { agent: { id, name, ...(token === undefined ? {} : { instance: token }) } };
}

export function databaseOf(connection: Connection): Database {
  return {
    id: connection.name,
    engine: connection.engine,
    host: connection.host,
    port: connection.port,
    database: connection.database,
    role: connection.user,
    env: connection.environment,
    tls: connection.tls,
  };
}

const classes: Readonly<Record<Action, Operation['class']>> = {
  select: 'read',
  explain: 'read',
  show: 'read',
  insert: 'write',
  update: 'write',
  delete: 'write',
  merge: 'write',
  truncate: 'ddl',
  drop: 'ddl',
  ddl: 'ddl',
  call: 'unknown',
  copy: 'export',
  session: 'session',
  transaction: 'session',
  lock: 'session',
  admin: 'admin',
  export: 'export',
};

/** A leaf holds at most 65,535 bytes; what a huge statement repeats is cut and the blob keeps the whole text. */
const MAX_LISTED = 200;
const MAX_NORMALIZED = 8_000;

function operationOf(
  request: GateRequest,
  { facts, lineage, verdict }: Judgement,
  classOf: (column: BaseColumn) => string | undefined,
): Operation {
  return {
    class: classes[facts.action],
    title: facts.title,
    ...(facts.fingerprint === '' ? {} : { fingerprint: facts.fingerprint }),
    ...(facts.normalized === '' || quotes(verdict) ? {} : { norm: cut(facts.normalized) }),
    objects: facts.relations.slice(0, MAX_LISTED).map((relation) => ({
      name: `${relation.schema}.${relation.name}`,
      access: relation.access,
      ...(relation.via === undefined ? {} : { via: relation.via }),
    })),
    columns: lineage === undefined ? [] : columnsOf(lineage, classOf).slice(0, MAX_LISTED),
    text: { text: request.text },
    ...(request.params.length === 0
      ? {}
      : { params: { text: JSON.stringify(request.params), n: request.params.length } }),
  };
}

function columnsOf(
  lineage: NonNullable<Judgement['lineage']>,
  classOf: (column: BaseColumn) => string | undefined,
): readonly ColumnRecord[] {
  const seen = new Map<string, ColumnRecord>();
  const add = (column: BaseColumn, place: string): void => {
    const name = `${column.schema}.${column.relation}.${column.column}`;
    const columnClass = classOf(column);
    seen.set(`${name} ${place}`, { name, place, ...(columnClass === undefined ? {} : { class: columnClass }) });
  };
  for (const output of lineage.outputs) for (const column of output.flow) add(column, 'output');
  for (const use of lineage.uses) add(use.column, use.place);
  return [...seen.values()];
}

function decisionOf(verdict: Verdict, hash: string): Decision {
  return {
    hash,
    decision: verdict.verdict,
    rules: verdict.rules.map((rule) => rule.id),
    ...(verdict.verdict === 'allow'
      ? { obligations: obligationsOf(verdict) }
      : { reasons: verdict.reasons.slice(0, 10).map(recordedReason) }),
  };
}

/** Single uses of masked columns that a permit allows. Of a compared value the record has a keyed hash, never the value. */
function permitsOf(
  verdict: Verdict,
  { params }: GateRequest,
  comparedHash: (columnClass: string, value: string) => string,
): Pick<Decision, 'permits'> {
  if (verdict.verdict !== 'allow' || verdict.permitted === undefined) return {};
  return {
    permits: verdict.permitted.map(({ form, class: columnClass, columns, permits, compared }) => {
      const value =
        compared === undefined ? undefined : 'literal' in compared ? compared.literal : params[compared.parameter - 1];
      return {
        form,
        class: columnClass,
        columns: columns.slice(0, MAX_LISTED).map(({ schema, relation, column }) => `${schema}.${relation}.${column}`),
        rules: permits.map(({ rule }) => rule.id),
        ...(value === undefined || value === null ? {} : { value: comparedHash(columnClass, value) }),
      };
    }),
  };
}

/**
 * Reasons that quote what stands in the text: a literal that the parser stopped at, or a value in double quotes that was
 * taken for a name. The text itself is kept sealed.
 */
const QUOTING: ReadonlySet<string> = new Set([
  'syntax-error',
  'unknown-column',
  'unknown-relation',
  'unknown-function',
  'unknown-type',
  'user-type',
  'untraceable',
]);

/** Names that nothing has can be values in the wrong quotes, and normalizing a text leaves names as they are. */
function quotes(verdict: Verdict): boolean {
  return verdict.verdict !== 'allow' && verdict.reasons.some(({ code }) => QUOTING.has(code));
}

function recordedReason({ code, sentence }: Reason): { readonly code: string; readonly sentence: string } {
  return { code, sentence: QUOTING.has(code) ? 'The reason quotes the statement, which is kept sealed.' : sentence };
}

function obligationsOf(verdict: Extract<Verdict, { verdict: 'allow' }>): readonly string[] {
  const { narrowedFrom, watermark, grants = [] } = verdict;
  const limits = narrowedFrom ?? verdict.limits;
  return [
    ...verdict.masks.slice(0, MAX_LISTED).map((mask) => `mask ${mask.name} as ${mask.class} with ${mask.masker.kind}`),
    `at most ${limits.rows} rows, ${limits.bytes} bytes, ${limits.statementTimeout} ms`,
    `${verdict.envelope} envelope`,
    ...(narrowedFrom === undefined
      ? []
      : [`of these, ${verdict.limits.rows} rows and ${verdict.limits.statementTimeout} ms were left`]),
    ...grants.map(({ name, id, until }) => `grant ${name} (${id}) until ${until}`),
    ...(watermark === undefined ? [] : ['watermark']),
  ];
}

function cut(text: string): string {
  return text.length <= MAX_NORMALIZED ? text : `${text.slice(0, MAX_NORMALIZED).replace(/[\ud800-\udbff]$/, '')}…`;
}
