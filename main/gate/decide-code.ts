import { treatmentOf } from '../policy/treatments.ts';
import { askPolicy, type DecideInput } from './decide-access.ts';
import { type OpaqueCode } from './facts.ts';
import { type Reason } from './verdict.ts';

/**
 * Why code that nothing here can read may not run. What the policy calls pure may: its arguments are uses like any
 * others. What it says reads anything may run only for somebody from whom nothing on the connection is kept: it is asked
 * about as a read of a relation that nobody has named, so that every deny and every mask about some table counts.
 */
export function codeReasons(input: DecideInput): readonly Reason[] {
  return (input.lineage?.code ?? []).flatMap(({ opaque }) => (opaque === undefined ? [] : reasonsOf(input, opaque)));
}

function reasonsOf(input: DecideInput, code: OpaqueCode): readonly Reason[] {
  const { name, environment, database } = input.connection;
  const treatment = treatmentOf(input.policy.functions, { name, environment, database }, code);
  const { hazard } = code;
  const span = hazard.span === undefined ? {} : { span: hazard.span };
  if (treatment === undefined) {
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
