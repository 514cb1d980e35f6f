import { permitted, type Permission } from '../policy/permits.ts';
import { type PermitForm } from '../policy/vocabulary.ts';
import { askPolicy, changes, policyQuestion, type DecideInput } from './decide-access.ts';
import { anyOf, FORMS, FORMS_AT, PLACES, whom } from './decide-words.ts';
import { type Action, type BaseColumn, type ColumnUse, type Lineage } from './facts.ts';
import { type ColumnClass } from '../policy/classification.ts';
import { type PermittedUse, type Reason, type UsedPermit } from './verdict.ts';

/** A use of a column that is masked for the asker. */
export interface MaskedUse {
  readonly use: ColumnUse;
  readonly class: ColumnClass;
  /** `public.customers.email (e-mail address, pii) is masked for you by rule r`. */
  readonly introduction: string;
  /** What else would be possible: the grant that lifts the mask. */
  readonly lifted: string;
}

export interface PermitJudgement {
  readonly permitted: readonly PermittedUse[];
  readonly groupSize: { readonly outputs: readonly number[]; readonly minimum: number } | undefined;
  readonly reasons: readonly Reason[];
}

/** What permits are asked with: views count too, since a permit for a table is none for what stands before it. */
export interface PermitQuestions {
  of(form: PermitForm, column: BaseColumn, columnClass: ColumnClass, view?: string): Permission;
}

/** Asks about the column's relation, and about the views of the statement that mask what is read through them. */
export function permitQuestions(
  input: DecideInput,
  views: readonly { readonly schema: string; readonly name: string }[],
): PermitQuestions {
  const known = new Map<string, Permission>();
  return {
    of(form, { schema, relation }, columnClass, view) {
      const key = [form, schema, relation, columnClass.class, columnClass.group, view].join('\0');
      const before = known.get(key);
      if (before !== undefined) return before;
      const wanted = {
        form,
        class: columnClass.class,
        group: columnClass.group,
        ...(view === undefined ? {} : { view }),
      };
      const answers = [{ schema, name: relation }, ...views].map((asked) =>
        permitted(input.policy, policyQuestion(input, 'select', asked), wanted),
      );
      const everywhere = answers.every(({ given }) => given.length > 0);
      const offered = answers[0]?.offered ?? [];
      const given = everywhere ? [...new Set(answers.flatMap((answer) => answer.given))] : [];
      known.set(key, { given, offered });
      return { given, offered };
    },
  };
}

/** Permits are for statements that only read: what a write or a plan shows of a use is not bounded by its form. */
export function onlyReads({ facts }: DecideInput): boolean {
  return facts.action === 'select' && !changes(facts);
}

/** What EXPLAIN shows of a write is not bounded, and ANALYZE runs it. */
const runs = ({ facts }: DecideInput): boolean => facts.action !== 'explain';

/** Every use that is not permitted is a reason; uses are permitted one by one, and then looked at together. */
export function judgeUses(
  input: DecideInput,
  lineage: Lineage,
  questions: PermitQuestions,
  uses: readonly MaskedUse[],
): PermitJudgement {
  const found = new Map<string, PermittedUse>();
  const reasons: Reason[] = [];
  let minimum = 0;
  for (const masked of uses) {
    const { use, class: columnClass } = masked;
    const { form, column, view } = use;
    const reason = (next?: string): number => reasons.push(useReason(masked, next ?? hint(input, questions, masked)));
    if (form === undefined || !(form === 'conflict' ? runs(input) : onlyReads(input))) {
      reason();
      continue;
    }
    const { given, offered } = questions.of(form, column, columnClass, view);
    if (given.length === 0) {
      reason(`${nextOf(use)} ${offer(input, FORMS[form].what, offered)}`);
      continue;
    }
    const wrong = outOfForm(input, lineage, uses, masked);
    if (wrong !== undefined) {
      reason(wrong);
      continue;
    }
    if (form === 'group' || form === 'aggregate') minimum = Math.max(minimum, ...given.map((permit) => permit.minimum));
    const key = `${form}\0${columnClass.class}`;
    const before = found.get(key);
    const keeps = use.compared !== undefined && given.some((permit) => permit.recordsValue);
    found.set(key, {
      form,
      class: columnClass.class,
      columns: [...new Set([...(before?.columns ?? []), column])],
      permits: mergePermits(before?.permits ?? [], given.map(usedPermit)),
      ...(keeps ? { compared: use.compared } : {}),
    });
  }
  const [unordered] = minimum > 0 ? seenGroups(lineage, uses) : [];
  if (unordered !== undefined) reasons.push(unordered);
  const { groupSize: outputs } = lineage;
  return {
    permitted: [...found.values()],
    groupSize: minimum > 0 && outputs !== undefined ? { outputs, minimum } : undefined,
    reasons,
  };
}

export function usedPermit({ reference: rule, perDay }: Permission['given'][number]): UsedPermit {
  return { rule, ...(perDay === undefined ? {} : { perDay }) };
}

export function mergePermits(one: readonly UsedPermit[], other: readonly UsedPermit[]): readonly UsedPermit[] {
  return [...new Map([...one, ...other].map((permit) => [permit.rule.id, permit])).values()];
}

/** Forms of which a statement has one: two together show more than each does. */
const ALONE: ReadonlySet<PermitForm> = new Set(['equality', 'join', 'group', 'aggregate', 'cardinality', 'conflict']);

/** Forms that count rows: who can put rows there, or take them away, makes small groups large or one value another number. */
const COUNTED: ReadonlySet<PermitForm> = new Set(['group', 'aggregate', 'cardinality']);

/** Why a use that is permitted by itself is not in this statement: what has to be different. */
function outOfForm(
  input: DecideInput,
  lineage: Lineage,
  uses: readonly MaskedUse[],
  { use }: MaskedUse,
): string | undefined {
  const { form } = use;
  if (form === undefined || !ALONE.has(form)) return undefined;
  const others = uses.filter((other) => other.use.form !== undefined && ALONE.has(other.use.form));
  if (others.some((other) => other.use.form !== form))
    return 'It is permitted, but not together with the other use of a masked column: run two statements.';
  const written = new Set(others.map((other) => other.use.span?.start));
  if (form === 'equality' && written.size > 1)
    return 'It is permitted once in a statement: compare one masked column with one value.';
  if (form === 'conflict' && written.size > 1) return 'It is permitted once in a statement: write to one table.';
  if (COUNTED.has(form)) {
    const writable = writableOf(
      input,
      others.map((other) => other.use.column),
      [...WRITES, 'delete'],
    );
    return writable === undefined ? undefined : notYours('of tables that you may not write', writable);
  }
  if (form !== 'join') return undefined;
  if (written.size > 2) return 'It is permitted for one pair of masked columns in a statement.';
  return notJoinable(input, lineage, uses, use);
}

/** A join shows who shares a value, unless one side holds values that the asker knows or can put there. */
function notJoinable(
  input: DecideInput,
  lineage: Lineage,
  uses: readonly MaskedUse[],
  use: ColumnUse,
): string | undefined {
  const maskedAs = new Map(uses.map((other) => [other.use.column, other.class.class]));
  const others = (use.joined ?? []).flatMap((side) => maskedAs.get(side) ?? []);
  if (others.length === 0 || others.some((other) => other !== maskedAs.get(use.column)))
    return 'It is permitted between columns of one class that are both masked for you.';
  // A table and its partitions or children are one side: rows that are written to any of them are in it.
  const pair = lineage.uses.filter((other) => other.form === 'join').map((other) => other.column);
  if (lineage.uses.some((other) => pair.includes(other.column) && other.form !== 'join'))
    return 'It is permitted where the columns have no other use in the statement.';
  const writable = writableOf(input, pair, WRITES);
  return writable === undefined ? undefined : notYours('between tables that you may not write', writable);
}

/** A table with rows of one of the columns that the asker may change in one of the ways. */
function writableOf(
  input: DecideInput,
  columns: readonly BaseColumn[],
  ways: readonly Action[],
): BaseColumn | undefined {
  return columns.find(({ schema, relation }) =>
    ways.some((action) => askPolicy(input, action, { schema, name: relation }).effect === 'allow'),
  );
}

function notYours(where: string, { schema, relation }: BaseColumn): string {
  return `It is permitted ${where}, and you may write ${schema}.${relation}.`;
}

const WRITES: readonly Action[] = ['insert', 'update', 'merge', 'copy'];

/** Groups come in the order of the columns that ORDER BY leaves out: those that are seen must not be among them. */
function* seenGroups(lineage: Lineage, uses: readonly MaskedUse[]): Iterable<Reason> {
  // A column of a table is also that of its partitions and children: one reference, one span.
  const hidden = new Set(uses.map(({ use }) => use.span?.start));
  const [masked] = uses.filter(({ use }) => use.form === 'group');
  if (masked === undefined) return;
  for (const { form, column, span } of lineage.uses) {
    if (form !== 'group' || hidden.has(span?.start)) continue;
    yield {
      code: 'masked-column-used',
      sentence: `${masked.introduction}; groups would come in the order of its values.`,
      next: `Name count(*) and ${column.column} in ORDER BY.`,
      ...(span === undefined ? {} : { span }),
    };
  }
}

function useReason({ use, introduction, lifted }: MaskedUse, next: string): Reason {
  const { where, why } = PLACES[use.place];
  const how =
    use.rowSecurityOf === undefined ? `it is used ${where}` : `the row security of ${use.rowSecurityOf} decides by it`;
  return {
    code: 'masked-column-used',
    sentence: `${introduction}; ${how}, and ${why}.`,
    next: `${next}${lifted}`,
    ...(use.span === undefined ? {} : { span: use.span }),
  };
}

/** What to write instead; of a policy, what an administrator can permit of it. */
function nextOf({ place, rowSecurityOf, view }: ColumnUse): string {
  if (rowSecurityOf === undefined) return PLACES[place].next;
  if (view === undefined) return `Ask the owner of ${rowSecurityOf}.`;
  return `For statements that only read, your administrator can permit view of ${view} once its conditions are reviewed.`;
}

/** What to write instead, and what a permit would allow at such a place, should the asker have one. */
function hint(input: DecideInput, questions: PermitQuestions, { use, class: columnClass }: MaskedUse): string {
  const next = nextOf(use);
  if (use.rowSecurityOf !== undefined) return next;
  if (!onlyReads(input) && use.place !== 'constraint') return next;
  const possible = FORMS_AT[use.place]?.filter((form) => questions.of(form, use.column, columnClass).given.length > 0);
  const hows = (possible ?? []).map((form) => `The policy permits you ${FORMS[form].what}: ${FORMS[form].how}.`);
  return [next, ...hows].join(' ');
}

/** Which permits would allow a use, and for whom they are. */
function offer({ principal }: DecideInput, what: string, offered: Permission['offered']): string {
  const [first] = offered;
  if (first === undefined) return `No rule of the policy permits ${what}.`;
  const who = anyOf([...new Set(offered.flatMap((permit) => permit.to.words.map(whom)))]);
  const whose = principal.agent === undefined ? 'not you here' : 'not an agent acting for you here';
  return `Rule ${first.reference.id} permits ${what} to ${who}, ${whose}.`;
}
