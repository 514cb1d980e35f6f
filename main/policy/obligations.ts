import {
  type Bound,
  type Obligations,
  type RequiredApproval,
  type RequiredMask,
  type RuleReference,
} from './answer.ts';
import { type CompiledRule } from './compiled-policy.ts';
import { type ApprovalSource, stepUpMinutes } from './policy-file.ts';
import { RECORD_LEVELS, stricterMask } from './vocabulary.ts';

/** Nothing is required. */
export const NO_OBLIGATIONS: Obligations = { masks: new Map(), approvals: [] };

/**
 * Everything that the given require rules ask for, together: the strictest mask per class, the smallest limit, every
 * approval, the shortest time since they proved who they are. Where two rules ask the same, the first
 * of them is named: they come sorted by `inOrder`, so the order of the file is never seen.
 */
export function accumulate(rules: readonly CompiledRule[]): Obligations {
  if (rules.length === 0) return NO_OBLIGATIONS;
  const masks = new Map<string, RequiredMask>();
  const approvals: RequiredApproval[] = [];
  let rows: Bound | undefined;
  let bytes: Bound | undefined;
  let rowsPerHour: Bound | undefined;
  let milliseconds: Bound | undefined;
  let stepUp: Obligations['stepUp'];
  let record: Obligations['record'];
  const first: { reason?: RuleReference; noExport?: RuleReference; watermark?: RuleReference } = {};

  for (const { reference: rule, obligations, unlessGrants } of rules) {
    if (obligations === undefined) continue;
    for (const [name, strength] of Object.entries(obligations.mask ?? {})) {
      const mask = { strength, rule, liftedBy: [...unlessGrants].sort() };
      masks.set(name, stricter(masks.get(name), mask));
    }
    const { limits, approval, record: level } = obligations;
    rows = smaller(rows, limits?.rows, rule);
    bytes = smaller(bytes, limits?.bytes, rule);
    rowsPerHour = smaller(rowsPerHour, limits?.rowsPerHour, rule);
    milliseconds = smaller(
      milliseconds,
      limits?.seconds === undefined ? undefined : Math.ceil(limits.seconds * 1000),
      rule,
    );
    if (approval !== undefined) approvals.push(requiredApproval(approval, rule, unlessGrants));
    const minutes = stepUpMinutes(obligations.stepUp);
    if (minutes !== undefined && (stepUp === undefined || minutes < stepUp.minutes)) stepUp = { minutes, rule };
    if (
      level !== undefined &&
      (record === undefined || RECORD_LEVELS.indexOf(level) > RECORD_LEVELS.indexOf(record.level))
    ) {
      record = { level, rule };
    }
    for (const word of ['reason', 'noExport', 'watermark'] as const) {
      if (obligations[word] === true) first[word] ??= rule;
    }
  }
  return {
    masks,
    approvals,
    ...(rows === undefined ? {} : { rows }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(rowsPerHour === undefined ? {} : { rowsPerHour }),
    ...(milliseconds === undefined ? {} : { milliseconds }),
    ...(stepUp === undefined ? {} : { stepUp }),
    ...(record === undefined ? {} : { record }),
    ...first,
  };
}

function requiredApproval(
  { from, within, count }: ApprovalSource,
  rule: RuleReference,
  grants: ReadonlySet<string>,
): RequiredApproval {
  return {
    from: [...from].sort(),
    ...(within === undefined ? {} : { within }),
    count,
    rule,
    ...(grants.size === 0 ? {} : { liftedBy: [...grants].sort() }),
  };
}

function stricter(one: RequiredMask | undefined, other: RequiredMask): RequiredMask {
  if (one === undefined) return other;
  return stricterMask(one.strength, other.strength) === one.strength ? one : other;
}

function smaller(bound: Bound | undefined, value: number | undefined, rule: RuleReference): Bound | undefined {
  if (value === undefined || (bound !== undefined && bound.value <= value)) return bound;
  return { value, rule };
}

/** The mask on a column of this class and group, or undefined where none of these obligations asks for one. */
export function maskFor(
  column: { readonly class: string; readonly group: string },
  ...bound: readonly Obligations[]
): RequiredMask | undefined {
  const found = bound.flatMap(({ masks }) => [masks.get(column.class), masks.get(column.group), masks.get('*')]);
  return found.reduce<RequiredMask | undefined>(
    (strictest, mask) => (mask === undefined ? strictest : stricter(strictest, mask)),
    undefined,
  );
}
