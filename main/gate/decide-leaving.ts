import { type Bound, type PolicyAnswer } from '../policy/answer.ts';
import { type Access, askPolicy, type DecideInput, judgeAccess, whoAsks } from './decide-access.ts';
import { judgeMasks, NO_MASKS } from './decide-masks.ts';
import { approvalsOf, demandedLevel, needReasons, needsApproval } from './decide-needs.ts';
import { anyOf, VERBS, whom } from './decide-words.ts';
import { type DemandedLevel } from './record-level.ts';
import { type Allow, type Leaving, type Limits, type OutputMask, type Reason, type RuleReference } from './verdict.ts';

/**
 * Rows of a result leave the screen: for a file, the clipboard, another program. That is an action of its own, `export`, asked
 * about every relation that the statement reads; once when the statement is judged, for what can be said then, and each
 * time that rows leave, with how many they are and with everything else as it is at that moment.
 */
function exportAccesses(input: DecideInput, accesses: readonly Access[], rows?: number): readonly Access[] {
  const read = accesses.filter(({ action }) => action === 'select');
  const asking = rows === undefined ? input : { ...input, rows };
  const relations = read.length === 0 ? (['none'] as const) : read.map(({ relation }) => relation);
  return relations.map((relation) => {
    const answer = askPolicy(asking, 'export', relation);
    return { action: 'export', relation, span: undefined, answer };
  });
}

/** What can be said of leaving before it is known how many rows there are. */
export function foreseenLeaving(input: DecideInput, accesses: readonly Access[], limits: Limits): Leaving {
  const exports = exportAccesses(input, accesses);
  const depends = new Map<string, RuleReference>();
  for (const access of exports) {
    const { answer } = access;
    // A condition about what is not known yet closes, and may hold another time.
    const open = new Set(answer.failedConditions);
    const closing = closingRules(answer);
    const sure = closing.find(({ id }) => !open.has(id));
    if (sure !== undefined) return { kind: 'no', rule: sure, sentence: closedSentence(input, access, sure) };
    if (answer.effect === 'deny' && closing.length === 0)
      return { kind: 'no', sentence: closedSentence(input, access, undefined) };
    for (const rule of closing) depends.set(rule.id, rule);
  }
  const approvals = approvalsOf(exports);
  for (const { rule } of approvals) depends.set(rule.id, rule);
  const [bound] = boundsOf(exports, 'rows').filter(({ value }) => value < limits.rows);
  if (bound !== undefined) depends.set(bound.rule.id, bound.rule);
  const rules = [...depends.values()];
  if (rules.length === 0) return { kind: 'yes' };
  const [approval] = approvals;
  const sentence =
    approval !== undefined && rules.length === 1
      ? `What leaves the screen ${needsApproval(approval)}, where it is bound by that rule.`
      : bound !== undefined && rules.length === 1
        ? `At most ${bound.value.toLocaleString('en')} rows of it may leave the screen (rule ${bound.rule.id}).`
        : `Whether rows may leave the screen is decided when they do, by how many they are (rule ${anyOf(rules.map(({ id }) => id))}).`;
  return { kind: 'asked-then', rules, sentence };
}

/** Rows that are about to leave, those of the same result that have left before among them. */
export interface Departing {
  readonly rows: number;
  /** Of the whole result. */
  readonly bytes: number;
}

/** `exports`: what the policy was asked about it, and its answers. */
export type LeavingVerdict = { readonly exports: readonly Access[] } & (
  | {
      readonly verdict: 'allow';
      readonly watermark?: RuleReference;
      readonly demanded?: DemandedLevel;
      /** Rows that may leave in any hour: a count of its own, beside that of rows that are had. */
      readonly rowsPerHour?: Bound;
    }
  | {
      readonly verdict: 'refuse';
      readonly reasons: readonly [Reason, ...Reason[]];
      readonly rules: readonly RuleReference[];
    }
);

/**
 * May these rows leave, now. Whatever would refuse the statement today, or mask more of it than is masked in the result,
 * keeps it here: a result that a grant has shown in clear does not leave after the grant has ended.
 *
 * @param shown the verdict by which the result was made
 */
export function decideLeaving(input: DecideInput, shown: Allow, departing: Departing): LeavingVerdict {
  const exports = exportAccesses(input, judgeAccess(input), departing.rows);
  const reasons = [
    ...closedReasons(input, exports),
    ...maskReasons(input, exports, shown),
    ...boundReasons(exports, departing),
    ...approvalsOf(exports).map(approvalReason),
    ...needReasons(input, exports),
  ];
  const [first, ...rest] = reasons;
  if (first !== undefined) {
    const rules = exports.flatMap(({ answer }) => answer.rules);
    return { verdict: 'refuse', reasons: [first, ...rest], rules: [...new Set(rules)], exports };
  }
  const watermark = exports.flatMap(({ answer }) => answer.obligations.watermark ?? [])[0] ?? shown.watermark;
  const demanded = demandedLevel(exports);
  // What the same rule bound when the rows came has been counted then.
  const [rowsPerHour] = boundsOf(exports, 'rowsPerHour').filter(({ rule }) => rule.id !== shown.rowsPerHour?.rule.id);
  return {
    verdict: 'allow',
    ...(rowsPerHour === undefined ? {} : { rowsPerHour }),
    exports,
    ...(watermark === undefined ? {} : { watermark }),
    ...(demanded === undefined ? {} : { demanded }),
  };
}

const closingRules = ({ effect, rules, obligations }: PolicyAnswer): readonly RuleReference[] =>
  effect === 'deny' ? rules : obligations.noExport === undefined ? [] : [obligations.noExport];

function closedSentence(
  { connection, principal }: DecideInput,
  access: Access,
  rule: RuleReference | undefined,
): string {
  const { relation, answer } = access;
  const what = typeof relation === 'string' ? 'rows of this' : `${VERBS.export} ${relation.schema}.${relation.name}`;
  const taking = typeof relation === 'string' ? `take ${what} out` : what;
  const who = whoAsks(principal);
  if (rule === undefined) {
    const allowedTo = answer.allowedTo.length === 0 ? 'nobody' : anyOf(answer.allowedTo.map(whom));
    return `No rule of the policy allows ${who} to ${taking} on ${connection.title}; it allows ${allowedTo}.`;
  }
  const why = rule.text === undefined ? '' : `: ${rule.text}`;
  return `The policy does not let ${who} ${taking} on ${connection.title} (rule ${rule.id})${why}.`;
}

function closedReasons(input: DecideInput, exports: readonly Access[]): readonly Reason[] {
  return exports.flatMap((access) => {
    const [rule] = closingRules(access.answer);
    if (rule === undefined && access.answer.effect === 'allow') return [];
    return [{ code: 'export-refused', sentence: closedSentence(input, access, rule), next: STAYS }];
  });
}

const STAYS = 'It stays on the screen.';

function maskReasons(input: DecideInput, exports: readonly Access[], shown: Allow): readonly Reason[] {
  const reads = exports.map((access) => ({ ...access, action: 'select' as const }));
  const now = input.lineage === undefined ? NO_MASKS : judgeMasks(input, input.lineage, reads);
  const refused = now.reasons.map(({ sentence }) => ({
    code: 'export-refused',
    sentence: `It would not run for you now: ${sentence}`,
    next: STAYS,
  }));
  const clearer = now.masks
    .filter((mask) => !isAsMasked(shown.masks, mask))
    .map(({ name, rule }) => ({
      code: 'export-refused',
      sentence: `"${name}" is in this result as something let you see it, and leaves only as rule ${rule.id} masks it for you now.`,
      next: 'Run the statement again, and take what it gives now.',
    }));
  return [...refused, ...clearer];
}

/** Whether the result has the output masked at least as the mask would. */
function isAsMasked(masks: readonly OutputMask[], wanted: OutputMask): boolean {
  const had = masks.find(({ output }) => output === wanted.output);
  if (had === undefined) return false;
  if (had.masker.kind === 'null') return true;
  if (wanted.whole === true && had.whole !== true) return false;
  if (JSON.stringify(had.masker) === JSON.stringify(wanted.masker)) return true;
  return had.masker.kind === 'redact' && wanted.masker.kind !== 'null';
}

function boundsOf(exports: readonly Access[], of: 'rows' | 'bytes' | 'rowsPerHour') {
  return exports.flatMap(({ answer }) => answer.obligations[of] ?? []).sort((one, other) => one.value - other.value);
}

function boundReasons(exports: readonly Access[], departing: Departing): readonly Reason[] {
  return (['rows', 'bytes'] as const).flatMap((of) => {
    const [smallest] = boundsOf(exports, of);
    if (smallest === undefined || departing[of] <= smallest.value) return [];
    const { value, rule } = smallest;
    return [
      {
        code: 'export-refused',
        sentence: `At most ${value.toLocaleString('en')} ${of} of a result may leave the screen (rule ${rule.id}), and with these it would be ${departing[of].toLocaleString('en')}.`,
        next: 'Take fewer, or ask for fewer in the statement.',
      },
    ];
  });
}

function approvalReason(approval: Parameters<typeof needsApproval>[0]): Reason {
  return {
    code: 'export-needs-approval',
    sentence: `Taking these rows out ${needsApproval(approval)}.`,
    next: 'Asking for approval comes with the approvals view, which this version does not have yet; take fewer where the policy allows it.',
  };
}
