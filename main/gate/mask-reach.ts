import { maskFor } from '../policy/obligations.ts';
import { requiredOf } from '../policy/evaluate.ts';
import { askPolicy, type DecideInput, policyQuestion } from './decide-access.ts';
import { type MaskReach } from './mask/errors.ts';

/**
 * How near the statement is to what is kept from this person. `none` only for somebody who may read every table of the
 * connection in clear: texts of functions and triggers can hold values of tables that the statement does not name.
 */
export function maskReach(input: DecideInput): MaskReach {
  const anywhere = askPolicy(input, 'select', 'unknown');
  if (anywhere.effect === 'allow' && anywhere.obligations.masks.size === 0) return 'none';
  // Code that nobody here has read can put any value it meets into an error, also one that says nothing of the code.
  if (input.lineage?.code?.some(({ opaque }) => opaque !== undefined) === true) return 'touched';
  const touched = touchedRelations(input);
  // Of a view, the rules bind the columns of the tables behind it.
  const required = touched.map((relation) => requiredOf(input.policy, policyQuestion(input, 'select', relation)));
  const near = touched
    .flatMap(({ schema, name }) => input.classification.in(schema, name))
    .some((column) => maskFor(column.class, ...required) !== undefined);
  return near ? 'touched' : 'elsewhere';
}

function touchedRelations({
  facts,
  lineage,
}: DecideInput): readonly { readonly schema: string; readonly name: string }[] {
  const columns = [
    ...(lineage?.outputs.flatMap(({ flow }) => flow) ?? []),
    ...(lineage?.uses.map(({ column }) => column) ?? []),
  ];
  const touched = new Map<string, { readonly schema: string; readonly name: string }>();
  for (const { schema, name } of [
    ...facts.relations,
    ...(lineage?.reached ?? []),
    ...columns.map(({ schema, relation: name }) => ({ schema, name })),
  ])
    touched.set(`${schema}\0${name}`, { schema, name });
  return [...touched.values()];
}
