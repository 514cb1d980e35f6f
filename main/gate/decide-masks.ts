import { type Obligations, type RequiredMask } from '../policy/answer.ts';
import { type ColumnClass } from '../policy/classification.ts';
import { maskFor } from '../policy/obligations.ts';
import { type MaskStrength } from '../policy/vocabulary.ts';
import { askPolicy, meaningsOf, relationKey, type Access, type DecideInput } from './decide-access.ts';
import { leftOutScans } from './decide-order.ts';
import { PLACES } from './decide-words.ts';
import {
  judgeUses,
  type MaskedUse,
  mergePermits,
  onlyReads,
  type PermitJudgement,
  type PermitQuestions,
  permitQuestions,
  usedPermit,
} from './decide-permits.ts';
import { type BaseColumn, type Facts, type Lineage, type OutputLineage, type Span } from './facts.ts';
import { type Allow, type Masker, type OutputMask, type PermittedUse, type Reason } from './verdict.ts';

interface MaskedColumn {
  readonly column: BaseColumn;
  readonly class: ColumnClass;
  readonly mask: RequiredMask;
}

export interface MaskJudgement {
  readonly masks: readonly OutputMask[];
  readonly reasons: readonly Reason[];
  readonly permitted: readonly PermittedUse[];
  readonly groupSize: PermitJudgement['groupSize'];
  readonly leftOut: Allow['leftOut'];
}

export const NO_MASKS: MaskJudgement = {
  masks: [],
  reasons: [],
  permitted: [],
  groupSize: undefined,
  leftOut: undefined,
};

/** Statements whose outputs reach the asker as rows, so that a mask on an output is a mask on the value. */
const RETURNS_ROWS: readonly string[] = ['select', 'insert', 'update', 'delete', 'merge'];

/**
 * A column that the policy masks for this person may come out as a plain output, masked, or in what is masked whole.
 * Every other use would let a value be inferred or carried away, and refuses the statement (guarantees G4, G5), unless
 * the policy permits that one use.
 */
export function judgeMasks(input: DecideInput, lineage: Lineage, accesses: readonly Access[]): MaskJudgement {
  const views = maskedViews(input, accesses);
  const questions = permitQuestions(
    input,
    views.flatMap(({ relation }) => (typeof relation === 'string' ? [] : [relation])),
  );
  const cleared = new Map<string, PermittedUse>();
  const masked = maskedColumns(input, accesses, views, (found) => isCleared(input, questions, found, cleared));
  const masks: OutputMask[] = [];
  const reasons: Reason[] = [];
  const computed = new Set<string>();
  // Which groups come first, among those that look the same, must not show by what a mask leaves of their keys.
  const grouped = lineage.uses.some((use) => use.form === 'group' && masked(use.column) !== undefined);
  lineage.outputs.forEach((output, index) => {
    const found = output.flow
      .filter((column) => output.bounded?.includes(column) !== true)
      .flatMap((column) => masked(column) ?? []);
    const [first] = found;
    if (first === undefined) return;
    if (output.derivation === 'computed') {
      for (const { column } of found) computed.add(nameOf(column));
      reasons.push(computedReason(output, first));
    } else if (RETURNS_ROWS.includes(input.facts.action))
      masks.push(outputMask(output, index, first, found, output.derivation === 'whole' || grouped));
    else if (input.facts.action !== 'explain') reasons.push(storedReason(input.facts, output, first));
  });
  const uses = lineage.uses.flatMap((use): readonly MaskedUse[] => {
    const found = masked(use.column);
    // That a column which cannot be NULL is not NULL shows nothing.
    if (found === undefined || use.notNull || (use.place === 'argument' && computed.has(nameOf(use.column)))) return [];
    return [{ use, class: found.class, introduction: introduce(found), lifted: lifted(found) }];
  });
  const judged = judgeUses(input, lineage, questions, uses);
  // A permit to see a column in clear is used by naming it, and not by an index that happens to hold it.
  const clear = new Set([...cleared.values()].flatMap(({ columns }) => columns.map(nameOf)));
  const hidden = maskedColumns(input, accesses, views, ({ column }) => clear.has(nameOf(column)));
  return {
    masks,
    reasons: [...reasons, ...judged.reasons, ...restructured(input, lineage, masked)],
    permitted: [...cleared.values(), ...judged.permitted],
    groupSize: judged.groupSize,
    leftOut: leftOutScans(
      input.indexes ?? [],
      (column) => input.classification.of(column) !== undefined && hidden(column) !== undefined,
    ),
  };
}

/** Whether a permit lets the asker see the column in clear in this statement, and then use it in any way. */
function isCleared(
  input: DecideInput,
  questions: PermitQuestions,
  { column, class: columnClass }: MaskedColumn,
  cleared: Map<string, PermittedUse>,
): boolean {
  if (input.facts.action !== 'explain' && !onlyReads(input)) return false;
  const { given } = questions.of('clear', column, columnClass);
  if (given.length === 0) return false;
  const before = cleared.get(columnClass.class);
  cleared.set(columnClass.class, {
    form: 'clear',
    class: columnClass.class,
    columns: [...(before?.columns ?? []), column],
    permits: mergePermits(before?.permits ?? [], given.map(usedPermit)),
  });
  return true;
}

/** Looks a column up once: its class, and the strictest mask of its relation and of the views in the statement. */
function maskedColumns(
  input: DecideInput,
  accesses: readonly Access[],
  views: readonly Access[],
  isClear: (column: MaskedColumn) => boolean,
): (column: BaseColumn) => MaskedColumn | undefined {
  const ofViews = views.map((access) => access.answer.obligations);
  const reads = new Map<string, Obligations>();
  for (const { action, relation, answer } of accesses) {
    if (action === 'select') reads.set(relationKey(relation), answer.obligations);
  }
  const found = new Map<string, MaskedColumn | undefined>();
  return (column) => {
    const key = nameOf(column);
    if (found.has(key)) return found.get(key);
    const columnClass = input.classification.of(column);
    const relation = { schema: column.schema, name: column.relation };
    const own = reads.get(relationKey(relation)) ?? askPolicy(input, 'select', relation).obligations;
    const mask = columnClass === undefined ? undefined : maskFor(columnClass, own, ...ofViews);
    const masked = columnClass === undefined || mask === undefined ? undefined : { column, class: columnClass, mask };
    const result = masked === undefined || isClear(masked) ? undefined : masked;
    found.set(key, result);
    return result;
  };
}

/** Of what a statement touches, the views through which it reads: what is required of them binds the columns behind. */
export function maskedViews({ facts }: DecideInput, accesses: readonly Access[]): readonly Access[] {
  const through = new Set(facts.relations.flatMap((use) => (use.via === undefined ? [] : [use.via])));
  if (through.size === 0) return [];
  return accesses.filter(({ relation }) => typeof relation !== 'string' && isNamed(relation, through));
}

function isNamed(relation: { readonly schema: string; readonly name: string }, names: ReadonlySet<string>): boolean {
  return names.has(relation.name) || names.has(`${relation.schema}.${relation.name}`);
}

function outputMask(
  output: OutputLineage,
  index: number,
  first: MaskedColumn,
  all: readonly MaskedColumn[],
  whole: boolean,
): OutputMask {
  const { title, group, source } = first.class;
  const lift = first.mask.liftedBy.length === 0 ? '' : `; the grant ${first.mask.liftedBy.join(' or ')} lifts it`;
  const what = source === 'detected' ? `looks like ${title}` : title;
  const made = output.derivation === 'whole' ? 'made of ' : '';
  return {
    output: index,
    name: output.name,
    column: first.column,
    class: first.class.class,
    group,
    masker: all
      .map(({ mask, class: { masker } }) => effective(whole ? atLeast(mask.strength) : mask.strength, masker))
      .reduce(both),
    ...(whole ? { whole } : {}),
    rule: first.mask.rule,
    ...(first.mask.liftedBy.length === 0 ? {} : { liftedBy: first.mask.liftedBy }),
    sentence: `masked${whole ? ' whole' : ''}: ${made}${what} (${group}), rule ${first.mask.rule.id}${lift}`,
  };
}

/** What is masked whole keeps nothing of a value. */
function atLeast(strength: MaskStrength): MaskStrength {
  return strength === 'partial' ? 'redact' : strength;
}

/** `partial` is the class's own masker; a stronger word of the policy wins over it. */
function effective(strength: MaskStrength, masker: Masker): Masker {
  if (strength === 'null' || masker.kind === 'null') return { kind: 'null' };
  return strength === 'redact' ? { kind: 'redact' } : masker;
}

/** An output that holds values of several columns (UNION) gets one masker: what both agree on, else the stricter. */
function both(one: Masker, other: Masker): Masker {
  if (one.kind === 'null' || other.kind === 'null') return { kind: 'null' };
  return JSON.stringify(one) === JSON.stringify(other) ? one : { kind: 'redact' };
}

function computedReason(output: OutputLineage, masked: MaskedColumn): Reason {
  return {
    code: 'masked-column-computed',
    sentence: `${introduce(masked)}; the output "${output.name}" is computed from it, and ${PLACES.argument.why}.`,
    next: withGrant(PLACES.argument.next, masked),
    ...(output.span === undefined ? {} : { span: output.span }),
  };
}

function storedReason(facts: Facts, output: OutputLineage, masked: MaskedColumn): Reason {
  return {
    code: 'masked-column-stored',
    sentence: `${introduce(masked)}; ${facts.title} would store it where nothing masks it.`,
    next: withGrant('Leave the column out.', masked),
    ...(output.span === undefined ? {} : { span: output.span }),
  };
}

/**
 * Renaming or retyping a classified column (ALTER TABLE ... DROP COLUMN may do so beside) would bring its values out from
 * under their class, and so would taking a table from the one whose columns are classified.
 */
function restructured(
  input: DecideInput,
  lineage: Lineage,
  masked: (column: BaseColumn) => MaskedColumn | undefined,
): readonly Reason[] {
  if (input.facts.action !== 'ddl' && input.facts.action !== 'drop') return [];
  const reasonOf = (found: MaskedColumn, span: Span | undefined): Reason => ({
    code: 'masked-column-restructured',
    sentence: `${introduce(found)}; changing the structure of its table could bring its values out from under the mask.`,
    next: withGrant('Ask somebody who sees the column in clear.', found),
    ...(span === undefined ? {} : { span }),
  });
  const named = input.facts.relations
    .filter((use) => use.access === 'write')
    .flatMap((use) => {
      const [found] = meaningsOf(use, input.connection)
        .flatMap((relation) =>
          typeof relation === 'string' ? [] : input.classification.in(relation.schema, relation.name),
        )
        .flatMap(({ column }) => masked(column) ?? []);
      return found === undefined ? [] : [reasonOf(found, use.span)];
    });
  if (named.length > 0) return named;
  const [shared] = (lineage.restructured ?? []).flatMap((column) => masked(column) ?? []);
  return shared === undefined ? [] : [reasonOf(shared, undefined)];
}

function introduce({ column, class: { title, group }, mask }: MaskedColumn): string {
  return `${nameOf(column)} (${title}, ${group}) is masked for you by rule ${mask.rule.id}`;
}

function withGrant(next: string, masked: MaskedColumn): string {
  return `${next}${lifted(masked)}`;
}

function lifted({ mask }: MaskedColumn): string {
  return mask.liftedBy.length === 0 ? '' : ` The grant ${mask.liftedBy.join(' or ')} lifts the mask.`;
}

function nameOf({ schema, relation, column }: BaseColumn): string {
  return `${schema}.${relation}.${column}`;
}
