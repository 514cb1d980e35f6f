/** What rules require, together: the strictest of each. */
import { type Rule } from './policy-source.ts';

/** The strictest of everything that is required, with the first rule that asks for it; milliseconds and bytes. */
export interface Obligations {
  readonly masks: ReadonlyMap<string, { readonly strength: string; readonly rule: string }>;
  readonly rows?: number | undefined;
  readonly bytes?: number | undefined;
  readonly ms?: number | undefined;
  readonly rowsPerHour?: number | undefined;
  readonly approvals: readonly {
    readonly rule: string;
    readonly count: number;
    readonly from: readonly string[];
    readonly within: string | undefined;
  }[];
  readonly reason?: string | undefined;
  readonly stepUp?: { readonly minutes: number; readonly rule: string } | undefined;
  readonly noExport?: string | undefined;
  readonly watermark?: string | undefined;
  readonly record?: string | undefined;
}

/** Weakest first. */
export const STRENGTHS = ['partial', 'redact', 'null'];
export const LEVELS = ['local', 'uploaded', 'witnessed'];

export const inOrder = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

export function accumulate(rules: readonly Rule[]): Obligations {
  const masks = new Map<string, { readonly strength: string; readonly rule: string }>();
  for (const { id: rule, require } of rules)
    for (const [name, strength] of Object.entries(require.mask))
      if (STRENGTHS.indexOf(strength) > STRENGTHS.indexOf(masks.get(name)?.strength ?? ''))
        masks.set(name, { strength, rule });
  const least = (values: readonly (number | undefined)[]): number | undefined => {
    const given = values.filter((value) => value !== undefined);
    return given.length === 0 ? undefined : Math.min(...given);
  };
  const first = (asks: (required: Rule['require']) => boolean): string | undefined =>
    rules.find(({ require }) => asks(require))?.id;
  const seconds = least(rules.map(({ require }) => require.seconds));
  const fresh = least(rules.map(({ require }) => require.stepUp));
  const freshBy = first(({ stepUp }) => stepUp !== undefined && stepUp === fresh);
  return {
    masks,
    rows: least(rules.map(({ require }) => require.rows)),
    bytes: least(rules.map(({ require }) => require.bytes)),
    rowsPerHour: least(rules.map(({ require }) => require.rowsPerHour)),
    ms: seconds === undefined ? undefined : Math.ceil(seconds * 1000),
    approvals: rules.flatMap(({ id: rule, require: { approval } }) =>
      approval === undefined
        ? []
        : [{ rule, count: approval.count, from: [...approval.from].sort(inOrder), within: approval.within }],
    ),
    reason: first(({ reason }) => reason),
    stepUp: fresh === undefined || freshBy === undefined ? undefined : { minutes: fresh, rule: freshBy },
    noExport: first(({ noExport }) => noExport),
    watermark: first(({ watermark }) => watermark),
    record: LEVELS.filter((level) => rules.some(({ require }) => require.record === level)).at(-1),
  };
}

/** The strictest mask on a column of the class and group, or undefined. */
export function maskOn(
  column: { readonly class: string; readonly group: string },
  bound: readonly Obligations[],
): string | undefined {
  const found = bound.flatMap(({ masks }) =>
    [column.class, column.group, '*'].flatMap((name) => masks.get(name)?.strength ?? []),
  );
  return STRENGTHS.filter((strength) => found.includes(strength)).at(-1);
}
