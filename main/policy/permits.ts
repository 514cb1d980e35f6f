import { type PolicyQuestion } from './answer.ts';
import { compareText, type CompiledPermit, type CompiledPolicy, type CompiledRule } from './compiled-policy.ts';
import { Asked } from './evaluate.ts';
import { PERMIT_PARTS, type RuleSource } from './policy-file.ts';
import { type PermitForm } from './vocabulary.ts';
import { isAgentOf } from './who.ts';

/** Rows that each group must have where the permit names no number. */
const MINIMUM = 10;

interface PermitProblem {
  readonly key: readonly (string | number)[];
  readonly message: string;
  readonly choices?: readonly string[];
}

/** What is wrong with the parts of a rule that permits have. `maskable`: classes and groups of classes, and `*`. */
export function* permitProblems(rule: RuleSource, maskable: readonly string[]): Iterable<PermitProblem> {
  const { id, permit: forms, of, budget, views, minimum, record } = rule;
  if (forms === undefined) {
    for (const part of PERMIT_PARTS) {
      if (rule[part] !== undefined) yield { key: [part], message: `rule ${id}: "${part}" belongs to permit` };
    }
    return;
  }
  if (rule.on !== undefined)
    yield { key: ['on'], message: `rule ${id}: "on" belongs to require; a permit is about reading` };
  if (of === undefined)
    yield { key: ['permit'], message: `rule ${id} does not say of which classes: add "of"`, choices: maskable };
  for (const [at, name] of (of ?? []).entries()) {
    if (!maskable.includes(name))
      yield { key: ['of', at], message: `no class or group of classes is called "${name}"`, choices: maskable };
  }
  const has = (...wanted: readonly PermitForm[]): boolean => wanted.some((form) => forms.includes(form));
  const testing = forms.find((form) => form === 'equality' || form === 'conflict');
  if (testing !== undefined && budget === undefined) {
    const message = `rule ${id} permits ${testing} without "budget: { perDay: NUMBER }": each use tests one value, and many find any`;
    yield { key: ['permit'], message };
  }
  if (has('view') && views === undefined)
    yield {
      key: ['permit'],
      message: `rule ${id} permits view without "views", the list of those that somebody has reviewed`,
    };
  if (views !== undefined && !has('view'))
    yield { key: ['views'], message: `rule ${id}: "views" belongs to permit: view` };
  if (minimum !== undefined && !has('group', 'aggregate'))
    yield { key: ['minimum'], message: `rule ${id}: "minimum" belongs to permit: group or aggregate` };
  if (record !== undefined && !has('equality'))
    yield { key: ['record'], message: `rule ${id}: "record" belongs to permit: equality` };
  if (budget !== undefined && has('view', 'clear'))
    yield { key: ['budget'], message: `rule ${id}: what a view shows, and what is seen in clear, is not counted` };
}

export function compilePermit(rule: RuleSource, forms: readonly PermitForm[], compiled: CompiledRule): CompiledPermit {
  return {
    ...compiled,
    forms: new Set(forms),
    of: new Set(rule.of),
    minimum: rule.minimum ?? MINIMUM,
    views: new Set(rule.views),
    recordsValue: rule.record ?? true,
    ...(rule.budget === undefined ? {} : { perDay: rule.budget.perDay }),
  };
}

/** A use of one column that somebody wants: its form, and the column's class with the group of classes it is in. */
export interface WantedUse {
  readonly form: PermitForm;
  readonly class: string;
  readonly group: string;
  /** Of the form `view`: the view in whose query the use stands; where absent, any that a permit names. */
  readonly view?: string;
}

export interface Permission {
  /** The permit that gives it, and for an agent the one that gives it to its person; none where it is not given. */
  readonly given: readonly CompiledPermit[];
  /** Permits of this use, whoever they are for. */
  readonly offered: readonly CompiledPermit[];
}

/**
 * Whether the asker may use a column so, on the relation in question. Of several permits that give it, the one that
 * gives most counts. An agent needs one that names agents, and one that its person has.
 */
export function permitted(policy: CompiledPolicy, question: PolicyQuestion, wanted: WantedUse): Permission {
  const offered = policy.permits.filter((permit) => isOf(permit, wanted));
  if (offered.length === 0) return { given: [], offered };
  const { agent, ...person } = question.asker;
  const own = best(offered, new Asked(policy, { ...question, asker: person }));
  if (own === undefined || agent === undefined) return { given: own === undefined ? [] : [own], offered };
  const asked = new Asked(policy, question);
  const forAgents = best(
    offered.filter((permit) => isAgentOf(permit.to, asked.who)),
    asked,
  );
  return { given: forAgents === undefined ? [] : [...new Set([forAgents, own])], offered };
}

function isOf(permit: CompiledPermit, { form, class: className, group, view }: WantedUse): boolean {
  const classes = permit.of.has(className) || permit.of.has(group) || permit.of.has('*');
  return classes && permit.forms.has(form) && (form !== 'view' || view === undefined || permit.views.has(view));
}

function best(permits: readonly CompiledPermit[], asked: Asked): CompiledPermit | undefined {
  const uses = (permit: CompiledPermit): number => permit.perDay ?? Infinity;
  const [first] = permits
    .filter((permit) => asked.gives(permit))
    .sort(
      (one, other) =>
        (uses(one) === uses(other) ? 0 : uses(other) - uses(one)) ||
        one.minimum - other.minimum ||
        compareText(one.reference.id, other.reference.id),
    );
  return first;
}
