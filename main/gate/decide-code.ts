import { type Obligations } from '../policy/answer.ts';
import { maskFor } from '../policy/obligations.ts';
import { requiredOf } from '../policy/evaluate.ts';
import { treatmentOf } from '../policy/treatments.ts';
import { askPolicy, type DecideInput, policyQuestion } from './decide-access.ts';
import { type BaseColumn, type FiredCode, type OpaqueCode } from './facts.ts';
import { type Reason } from './verdict.ts';

/**
 * Why code that nothing here can read may not run. What the policy calls pure may: its arguments are uses like any
 * others. What it says reads anything may run only for somebody from whom nothing on the connection is kept: it is asked
 * about as a read of a relation that nobody has named, so that every deny and every mask about some table counts.
 *
 * What a write runs by itself is the choice of who owns the table. It may for whoever has no mask in force there; for
 * others it has to be reviewed, since a trigger can put a masked value of its row where it is not masked.
 */
export function codeReasons(input: DecideInput): readonly Reason[] {
  const run = (input.lineage?.code ?? []).flatMap(({ opaque }) =>
    opaque === undefined ? [] : reasonsOf(input, opaque),
  );
  return [...changedReasons(input), ...run];
}

/**
 * Code that somebody plants runs as whoever calls it next, and what is renamed is known to the policy under its old name:
 * neither is for people from whom something is kept.
 */
function changedReasons(input: DecideInput): readonly Reason[] {
  if (!input.facts.effects.includes('code') || masksInForce(input).size === 0) return [];
  return [
    {
      code: 'code-changed',
      sentence: `${input.facts.title} changes code that others run, or a name by which the policy knows it, and some columns are masked for you here.`,
      next: 'Ask somebody from whom nothing is masked here.',
    },
  ];
}

function reasonsOf(input: DecideInput, code: OpaqueCode): readonly Reason[] {
  const { name, environment, database } = input.connection;
  const treatment = treatmentOf(input.policy.functions, { name, environment, database }, code);
  if (code.fired !== undefined) return firedReasons(input, code, code.fired, treatment);
  const { hazard } = code;
  const span = hazard.span === undefined ? {} : { span: hazard.span };
  if (treatment === undefined || treatment === 'contained') {
    const next = hazard.next === undefined ? {} : { next: hazard.next };
    return [{ code: hazard.code, sentence: hazard.sentence, ...next, ...span }];
  }
  if (treatment === 'pure') return [];
  const answer = askPolicy(input, 'select', 'unknown');
  const called = `${code.schema}.${code.name}(${code.args.join(', ')})`;
  if (answer.effect === 'allow' && answer.obligations.masks.size === 0) return [];
  const why =
    answer.effect === 'allow'
      ? 'some columns are masked for you'
      : 'there are tables that the policy does not let you read';
  return [
    {
      code: 'code-reads',
      sentence: `${called} may read anything (functions of the policy), and on ${input.connection.title} ${why}.`,
      next: 'Write the query over the tables themselves.',
      ...span,
    },
  ];
}

function firedReasons(
  input: DecideInput,
  { hazard, schema, name }: OpaqueCode,
  { by, row }: FiredCode,
  treatment: ReturnType<typeof treatmentOf>,
): readonly Reason[] {
  const masks = masksInForce(input);
  if (masks.size === 0 || treatment === 'contained') return [];
  const span = hazard.span === undefined ? {} : { span: hazard.span };
  if (treatment === 'pure') {
    const carried = by === 'trigger' ? row.find((column) => isMasked(input, column)) : undefined;
    if (carried === undefined) return [];
    const { schema: of, relation, column } = carried;
    return [
      {
        code: hazard.code,
        sentence: `${hazard.sentence} It is listed as pure, and its rows have ${of}.${relation}.${column}, which is masked for you: it could copy it.`,
        next: `Ask your administrator to review ${schema}.${name} and to list it as contained.`,
        ...span,
      },
    ];
  }
  const next = hazard.next === undefined ? {} : { next: hazard.next };
  return [
    { code: hazard.code, sentence: `${hazard.sentence} Some columns are masked for you here.`, ...next, ...span },
  ];
}

/** Every mask on anything that the asker may meet on this connection, whatever of it they may read. */
function masksInForce(input: DecideInput): Obligations['masks'] {
  return requiredOf(input.policy, policyQuestion(input, 'select', 'unknown')).masks;
}

function isMasked(input: DecideInput, column: BaseColumn): boolean {
  const found = input.classification.of(column);
  if (found === undefined) return false;
  const relation = { schema: column.schema, name: column.relation };
  const required = requiredOf(input.policy, policyQuestion(input, 'select', relation));
  return maskFor(found, required) !== undefined;
}
