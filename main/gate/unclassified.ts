import { maskFor } from '../policy/obligations.ts';
import { type Classification, detectedClass } from '../policy/classification.ts';
import { type Obligations } from '../policy/answer.ts';
import { askPolicy, type DecideInput } from './decide-access.ts';
import { type BaseColumn, type OutputLineage } from './facts.ts';
import { type SecondNet, type WatchedOutput } from './mask/second-net.ts';
import { type OutputMask, type Verdict } from './verdict.ts';

/**
 * What the second net watches: outputs of an allowed statement that columns reach and no classified one does. Where somebody
 * has classified a column, policy has spoken of it, and a detector has nothing to add. Undefined where the net is not asked for.
 */
export function unclassifiedOutputs(
  input: DecideInput,
  classification: Classification,
  verdict: Verdict,
): SecondNet | undefined {
  const { detect } = classification;
  if ((detect !== 'mask' && detect !== 'warn') || verdict.verdict !== 'allow') return undefined;
  // Plans and settings have words of the server's own.
  if (input.facts.action === 'explain' || input.facts.action === 'show') return undefined;
  const masked = new Set(verdict.masks.map(({ output }) => output));
  let obligations: readonly Obligations[] | undefined;
  const required = (): readonly Obligations[] => (obligations ??= obligationsOf(input));

  const outputs = (input.lineage?.outputs ?? []).flatMap((lineage, output): WatchedOutput[] => {
    const [column] = lineage.flow;
    if (column === undefined || masked.has(output)) return [];
    if (lineage.flow.some((base) => input.classification.of(base) !== undefined)) return [];
    return [
      {
        output,
        column: lineage.derivation === 'plain' ? column.column : '',
        maskOf: (found) => maskOn(lineage, column, output, detectedClass(classification, found), required()),
      },
    ];
  });
  return outputs.length === 0 ? undefined : { mode: detect, outputs };
}

/** Values of an output may come from any relation that the statement reads: the strictest of what policy says of them. */
function obligationsOf(input: DecideInput): readonly Obligations[] {
  const { lineage, facts } = input;
  const relations = new Map(
    [
      ...(lineage?.relations ?? facts.relations).map(({ schema = '', name }) => ({ schema, name })),
      ...(lineage?.outputs ?? []).flatMap(({ flow }) => flow.map(({ schema, relation: name }) => ({ schema, name }))),
    ].map((relation) => [`${relation.schema}\0${relation.name}`, relation]),
  );
  return [...relations.values()].map((relation) => askPolicy(input, 'select', relation).obligations);
}

function maskOn(
  { name }: OutputLineage,
  column: BaseColumn,
  output: number,
  found: ReturnType<typeof detectedClass>,
  obligations: readonly Obligations[],
): OutputMask | undefined {
  const required = maskFor(found, ...obligations);
  if (required === undefined) return undefined;
  const lift = required.liftedBy.length === 0 ? '' : `; the grant ${required.liftedBy.join(' or ')} lifts it`;
  return {
    output,
    name,
    column,
    class: found.class,
    group: found.group,
    // Whole, whatever the class's own masker would keep: nobody has said that these are such values.
    masker: { kind: required.strength === 'null' ? 'null' : 'redact' },
    rule: required.rule,
    ...(required.liftedBy.length === 0 ? {} : { liftedBy: required.liftedBy }),
    sentence: `masked: looks like ${found.title} (${found.group}), rule ${required.rule.id}${lift}`,
  };
}
