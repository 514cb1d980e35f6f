import { type PolicyAnswer, type PolicyQuestion } from '../answer.ts';
import { type CompiledPolicy } from '../compiled-policy.ts';
import { permitted } from '../permits.ts';
import { type MaskStrength, type PermitForm, stricterMask } from '../vocabulary.ts';
import { type RecordedColumn, type RecordedDecision, recordedQuestion } from './recorded-decision.ts';

/** Statements whose outputs come to the asker as rows. */
const RETURNS_ROWS: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete', 'merge']);
/** Uses of which a statement may have one form only. */
const ALONE: ReadonlySet<string> = new Set(['equality', 'join', 'group', 'aggregate', 'cardinality', 'conflict']);

/** Masks of one answer, by class, group of classes or `*`: those recorded, or those of a policy. */
interface Bound {
  readonly masks: ReadonlyMap<string, readonly [MaskStrength, ...unknown[]] | { readonly strength: MaskStrength }>;
}

export interface ColumnMask {
  /** schema.relation.column */
  readonly name: string;
  /** Undefined where it is seen in clear. */
  readonly strength: MaskStrength | undefined;
  /** The mask under other answers to the same questions. */
  readonly boundBy: (answers: readonly Bound[]) => MaskStrength | undefined;
}

/** The mask on each classified column that comes out of a recorded statement. */
export function columnMasks(
  policy: CompiledPolicy,
  recorded: RecordedDecision,
  answers: readonly PolicyAnswer[],
): readonly ColumnMask[] {
  if (recorded.action === 'explain') return [];
  const shown = new Map(
    recorded.columns.flatMap((column) =>
      column.output === undefined || column.shows === 'bounded' ? [] : [[nameOf(column), column]],
    ),
  );
  return [...shown].map(([name, column]) => ({
    name,
    strength: maskOn(policy, recorded, answers, column),
    boundBy: (others) => strongest(recorded, others, column),
  }));
}

/** Why a statement does not run under this policy for what it does with masked columns; undefined where nothing is in the way. */
export function maskRefusal(
  policy: CompiledPolicy,
  recorded: RecordedDecision,
  answers: readonly PolicyAnswer[],
): string | undefined {
  const { action, columns } = recorded;
  const masked = columns.filter((column) => maskOn(policy, recorded, answers, column) !== undefined);
  for (const column of masked) {
    const { shows, output } = column;
    if (output === undefined || shows === 'bounded' || action === 'explain') continue;
    if (shows === 'computed') return `refused: computes with the masked column ${nameOf(column)}`;
    if (!RETURNS_ROWS.has(action)) return `refused: stores the masked column ${nameOf(column)}`;
  }
  const used = masked.filter(({ place, notNull }) => place !== undefined && notNull !== true);
  const forms = new Set(used.flatMap(({ form }) => (form !== undefined && ALONE.has(form) ? [form] : [])));
  const refused = used.find((column) => forms.size > 1 || !isPermitted(policy, recorded, column));
  return refused === undefined ? undefined : `refused: uses the masked column ${nameOf(refused)}`;
}

function isPermitted(policy: CompiledPolicy, recorded: RecordedDecision, column: RecordedColumn): boolean {
  const { form, view } = column;
  if (form === undefined || (form === 'conflict' ? recorded.action === 'explain' : recorded.action !== 'select'))
    return false;
  return gives(policy, recorded, column, form, view);
}

/** Whether a permit gives the use on the column's relation, and on every view before it. */
function gives(
  policy: CompiledPolicy,
  recorded: RecordedDecision,
  { column: [schema, name], class: className, group }: RecordedColumn,
  form: PermitForm,
  view: string | undefined,
): boolean {
  const wanted = { form, class: className, group, ...(view === undefined ? {} : { view }) };
  return [[schema, name] as const, ...recorded.views].every(([within, relation]) => {
    const question = recordedQuestion(recorded, 'select', { schema: within, name: relation });
    return permitted(policy, question, wanted).given.length > 0;
  });
}

function maskOn(
  policy: CompiledPolicy,
  recorded: RecordedDecision,
  answers: readonly PolicyAnswer[],
  column: RecordedColumn,
): MaskStrength | undefined {
  const strength = strongest(
    recorded,
    answers.map(({ obligations }) => obligations),
    column,
  );
  if (strength === undefined || (recorded.action !== 'select' && recorded.action !== 'explain')) return strength;
  return gives(policy, recorded, column, 'clear', undefined) ? undefined : strength;
}

/** The strictest mask that reading the column's relation, and the views before it, is bound by. */
function strongest(
  { asked, views }: RecordedDecision,
  answers: readonly Bound[],
  { column: [schema, name], class: className, group }: RecordedColumn,
): MaskStrength | undefined {
  const counts = (on: PolicyQuestion['relation'], action: string): boolean => {
    if (typeof on === 'string') return false;
    if (action === 'select' && on.schema === schema && on.name === name) return true;
    return views.some(([within, view]) => on.schema === within && on.name === view);
  };
  const bound = answers.filter((_, at) => {
    const question = asked[at];
    return question !== undefined && counts(question.on, question.action);
  });
  const strengths = bound.flatMap(({ masks }) =>
    [className, group, '*'].flatMap((key) => {
      const mask = masks.get(key);
      if (mask === undefined) return [];
      return ['strength' in mask ? mask.strength : mask[0]];
    }),
  );
  return strengths.reduce<MaskStrength | undefined>(
    (strictest, one) => (strictest === undefined ? one : stricterMask(strictest, one)),
    undefined,
  );
}

const nameOf = ({ column }: RecordedColumn): string => column.join('.');
