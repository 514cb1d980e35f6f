import { type PolicyAnswer, type PolicyQuestion } from '../policy/answer.ts';
import { type ClassifiedColumns } from '../policy/classification.ts';
import { type CompiledPolicy } from '../policy/compiled-policy.ts';
import { evaluate } from '../policy/evaluate.ts';
import { ACTION_KINDS, type RecordLevel } from '../policy/vocabulary.ts';
import { type Principal } from '../identity/principal.ts';
import { type Connection } from '../profile/types.ts';
import { askerOf } from './asker.ts';
import { anyOf, VERBS, whom } from './decide-words.ts';
import { type Action, type BaseColumn, type Facts, type Lineage, type RelationUse, type Span } from './facts.ts';
import { type OrderingIndex } from './lineage/index-order.ts';
import { type Reason, type UsedGrant } from './verdict.ts';

/** Everything a verdict depends on. Nothing else is read: the same input gives the same verdict. */
export interface DecideInput {
  readonly facts: Facts;
  /** Undefined where the statement could not be traced. */
  readonly lineage: Lineage | undefined;
  readonly principal: Principal;
  readonly connection: Connection;
  readonly policy: CompiledPolicy;
  readonly classification: ClassifiedColumns;
  readonly now: Date;
  /** Names of the grants in force for this person on this connection. */
  readonly grants: readonly string[];
  /** The same grants, each with its end; none that the verdict could rest on where absent. */
  readonly granted?: readonly UsedGrant[];
  /** ISO 8601; when the login ends at the latest. */
  readonly expiresAt?: string;
  /** Connections that the login is for; all that the policy gives where absent. */
  readonly connections?: readonly string[];
  /** Why the asker wants it, in their words. */
  readonly reason?: string;
  /** Rows that the asker has had in the last hour, where they are counted. */
  readonly rowsLastHour?: number;
  /** Of the relations that are read, the indexes that can decide on the order of rows. */
  readonly indexes?: readonly OrderingIndex[];
  /** How far the record can come here before a statement is sent; on this machine only where absent. */
  readonly recordLevels?: readonly RecordLevel[];
  /** What `judgeAccess` gave for all this, where it has been asked already. */
  readonly accesses?: readonly Access[];
}

/** One thing the statement does to one relation, and what the policy says to it. */
export interface Access {
  readonly action: Action;
  readonly relation: PolicyQuestion['relation'];
  readonly span: Span | undefined;
  readonly answer: PolicyAnswer;
}

const WRITES: readonly Action[] = ACTION_KINDS.write;
const CHANGES: readonly Action[] = [...ACTION_KINDS.write, ...ACTION_KINDS.ddl];

/** Whether the statement, as understood, changes anything: it then needs the write envelope. */
export function changes(facts: Facts): boolean {
  if (facts.effects.includes('writes') || facts.effects.includes('ddl') || CHANGES.includes(facts.action)) return true;
  return facts.action !== 'explain' && facts.relations.some((use) => use.access === 'write');
}

/**
 * Asks the policy about every relation the statement touches: what it writes, what it reads, and what it reads through
 * views. Answers come in the order of the text.
 */
export function judgeAccess(input: DecideInput): readonly Access[] {
  const { facts } = input;
  const asked = new Map<string, Access>();
  const ask = (action: Action, relation: PolicyQuestion['relation'], span: Span | undefined) => {
    const key = `${action}\0${relationKey(relation)}`;
    if (!asked.has(key)) asked.set(key, { action, relation, span, answer: askPolicy(input, action, relation) });
  };
  for (const use of facts.relations) {
    for (const action of actionsOn(use, facts)) {
      for (const relation of meaningsOf(use, input.connection)) ask(action, relation, use.span);
    }
  }
  // Reading a column is reading its relation, also where the statement only names it as the target of a write.
  for (const { schema, relation } of columnsOf(input.lineage)) ask('select', { schema, name: relation }, undefined);

  const writes = facts.relations.some((use) => use.access === 'write');
  if (changes(facts) && !writes) {
    for (const action of CHANGES.includes(facts.action) ? [facts.action] : WRITES) ask(action, 'unknown', undefined);
  }
  if (asked.size === 0)
    ask(facts.action, ACTION_KINDS.read.some((read) => read === facts.action) ? 'none' : 'unknown', undefined);
  return [...asked.values()];
}

type Asking = Pick<DecideInput, 'principal' | 'connection' | 'policy' | 'grants' | 'now' | 'rowsLastHour'> & {
  /** Rows that would leave, of a question about `export`. */
  readonly rows?: number;
};

export function askPolicy(input: Asking, action: Action, relation: PolicyQuestion['relation']): PolicyAnswer {
  return evaluate(input.policy, policyQuestion(input, action, relation));
}

export function policyQuestion(input: Asking, action: Action, relation: PolicyQuestion['relation']): PolicyQuestion {
  const { principal, connection, rows, rowsLastHour } = input;
  return {
    action,
    relation,
    asker: askerOf(principal),
    connection: {
      name: connection.name,
      environment: connection.environment,
      database: connection.database,
      ...(connection.team === undefined ? {} : { team: connection.team }),
    },
    grants: input.grants,
    now: input.now,
    ...(rows === undefined ? {} : { estimatedRows: rows }),
    ...(rowsLastHour === undefined ? {} : { rowsLastHour }),
  };
}

/**
 * The relations that a use may mean. A name without schema that the catalog did not resolve (CREATE TABLE, or no catalog at
 * hand) may be in any schema of the search path, and all of them are asked about.
 */
export function meaningsOf(
  { schema, name }: RelationUse,
  { searchPath }: Connection,
): readonly [PolicyQuestion['relation'], ...PolicyQuestion['relation'][]] {
  const [first, ...rest] = (schema === '' ? searchPath : [schema]).map((within) => ({ schema: within, name }));
  return first === undefined ? ['unknown'] : [first, ...rest];
}

function actionsOn(use: RelationUse, facts: Facts): readonly Action[] {
  if (use.access === 'read') return facts.action === 'explain' ? ['explain', 'select'] : ['select'];
  if (facts.action === 'explain' && !changes(facts)) return ['explain'];
  if (use.action !== undefined) return [use.action];
  const several = facts.relations.filter((other) => other.access === 'write').length > 1;
  const clear = CHANGES.includes(facts.action) && !(several && WRITES.includes(facts.action));
  return clear ? [facts.action] : WRITES;
}

function columnsOf(lineage: Lineage | undefined): readonly BaseColumn[] {
  if (lineage === undefined) return [];
  return [...lineage.outputs.flatMap((output) => output.flow), ...lineage.uses.map((use) => use.column)];
}

export function relationKey(relation: PolicyQuestion['relation']): string {
  return typeof relation === 'string' ? relation : `${relation.schema}\0${relation.name}`;
}

/** One reason for each relation that may not be touched so. */
export function denials(input: DecideInput, accesses: readonly Access[]): readonly Reason[] {
  return accesses.filter((access) => access.answer.effect === 'deny').map((access) => denial(input, access));
}

function denial(input: DecideInput, access: Access): Reason {
  const what = describe(input.facts, access);
  const where = `on ${input.connection.title}`;
  const span = access.span === undefined ? {} : { span: access.span };
  const who = whoAsks(input.principal);
  const [rule] = access.answer.rules;
  if (rule !== undefined) {
    const why = rule.text === undefined ? '' : `: ${rule.text}`;
    return {
      code: 'denied',
      sentence: `The policy does not let ${who} ${what} ${where} (rule ${rule.id})${why}.`,
      ...span,
    };
  }
  return {
    code: 'not-allowed',
    sentence: `No rule of the policy allows ${who} to ${what} ${where}.`,
    next: whoMay(input, access),
    ...span,
  };
}

/** The asker as sentences name them. */
export function whoAsks({ agent, service }: Principal): string {
  if (service !== undefined) return `the service ${service.name}`;
  return agent === undefined ? 'you' : 'an agent acting for you';
}

function describe(facts: Facts, { action, relation }: Access): string {
  return typeof relation === 'string' ? `run ${facts.title}` : `${VERBS[action]} ${relation.schema}.${relation.name}`;
}

function whoMay({ principal }: DecideInput, { answer }: Access): string {
  if (principal.groups === 'unknown') {
    return 'Your identity provider did not say which groups you are in, so no rule for a group gives you anything. Sign in again, or ask your administrator.';
  }
  if (answer.allowedTo.length === 0) return 'The policy allows it to nobody.';
  return `The policy allows it to ${anyOf(answer.allowedTo.map(whom))}.`;
}
