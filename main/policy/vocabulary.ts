/** The words a policy may use. Everything outside these lists is an error with the list in it. */

/** What one statement does; policy rules name these in `allow`, `deny` and `on`. */
export const ACTIONS = [
  'select',
  'explain',
  'show',
  'insert',
  'update',
  'delete',
  'merge',
  'truncate',
  'drop',
  'ddl',
  'call',
  'copy',
  'session',
  'transaction',
  'lock',
  'admin',
  'export',
] as const;
export type Action = (typeof ACTIONS)[number];

/**
 * `export`: rows of a result leave the screen, for a file, the clipboard or another program. Wherever `select` is allowed it is
 * allowed too, so no rule allows it by itself; what denies `select` denies it, and rules may deny or bind it alone.
 */

/** Short words for several actions. `ddl` means every change of structure, TRUNCATE and DROP among them. */
export const ACTION_KINDS = {
  read: ['select', 'explain', 'show'],
  write: ['insert', 'update', 'delete', 'merge'],
  ddl: ['ddl', 'truncate', 'drop'],
  all: ACTIONS,
} as const satisfies Record<string, readonly Action[]>;

export const ACTION_WORDS = ['read', 'write', 'all', ...ACTIONS] as const;
export type ActionWord = (typeof ACTION_WORDS)[number];

export function actionsOf(word: ActionWord): readonly Action[] {
  return word in ACTION_KINDS ? ACTION_KINDS[word as keyof typeof ACTION_KINDS] : [word as Action];
}

export const ENVIRONMENTS = ['development', 'staging', 'production'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** How much of a masked value stays readable, weakest first: a later one wins over an earlier one. */
export const MASK_STRENGTHS = ['partial', 'redact', 'null'] as const;
export type MaskStrength = (typeof MASK_STRENGTHS)[number];

export function stricterMask(one: MaskStrength, other: MaskStrength): MaskStrength {
  return MASK_STRENGTHS.indexOf(one) >= MASK_STRENGTHS.indexOf(other) ? one : other;
}

/**
 * Uses of a masked column that show one bounded thing about its values, so that a policy can permit each by itself: what
 * they are is in docs/policy.md.
 */
export const USE_FORMS = [
  'nullness',
  'equality',
  'join',
  'group',
  'aggregate',
  'cardinality',
  'conflict',
  'view',
] as const;
export type UseForm = (typeof USE_FORMS)[number];

/** What a permit may give: one form of use, or the values themselves. */
export const PERMIT_FORMS = [...USE_FORMS, 'clear'] as const;
export type PermitForm = (typeof PERMIT_FORMS)[number];

/** What the record of a run must have reached before the statement runs, weakest first. */
export const RECORD_LEVELS = ['local', 'uploaded', 'witnessed'] as const;
export type RecordLevel = (typeof RECORD_LEVELS)[number];

/** Names of rules, groups, classes, grants and connections. */
export const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
export const NAME_RULE = 'lower case letters, digits, dashes and underscores, at most 63 characters';
