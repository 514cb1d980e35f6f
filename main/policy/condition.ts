import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import { type LocalTime } from './local-clock.ts';

/**
 * Conditions of rules: the Common Expression Language, fenced. Every name is declared with its type, so a misspelt
 * one is an error when the policy is read and not a surprise at night; a fact that is not known at run time makes the
 * condition fail, and a failed condition closes. No regular expressions (their cost is not bounded), no nesting that
 * grows beyond the limits.
 */
export interface Condition {
  readonly source: string;
  /** `failed` when a fact is missing or the result is not a truth value: the caller decides which way that closes. */
  holds(facts: ConditionFacts): boolean | 'failed';
}

/** The facts, as CEL sees them: its integers are BigInt. A fact that is not known is absent. */
export interface ConditionFacts {
  readonly person: {
    readonly name?: string;
    readonly email?: string;
    readonly groups?: readonly string[];
    readonly verified: boolean;
    readonly acr?: string;
    readonly amr?: readonly string[];
  };
  readonly service: { readonly name: string; readonly acting: boolean };
  readonly agent: { readonly id?: string; readonly acting: boolean };
  readonly connection: {
    readonly name: string;
    readonly env: string;
    readonly database: string;
    readonly team?: string;
  };
  readonly table: { readonly schema?: string; readonly name?: string };
  readonly statement: { readonly action: string };
  readonly rows: { readonly estimate?: bigint };
  readonly usage: { readonly rowsLastHour?: bigint };
  readonly now: LocalTime;
}

const SCHEMAS = {
  person: {
    name: 'string',
    email: 'string',
    groups: 'list<string>',
    verified: 'bool',
    acr: 'string',
    amr: 'list<string>',
  },
  service: { name: 'string', acting: 'bool' },
  agent: { id: 'string', acting: 'bool' },
  connection: { name: 'string', env: 'string', database: 'string', team: 'string' },
  table: { schema: 'string', name: 'string' },
  statement: { action: 'string' },
  rows: { estimate: 'int' },
  usage: { rowsLastHour: 'int' },
  now: { year: 'int', month: 'int', day: 'int', weekday: 'int', hour: 'int', minute: 'int' },
} as const;

/** `person.email`, `rows.estimate`, ...: offered when a condition names something else. */
export const CONDITION_NAMES: readonly string[] = Object.entries(SCHEMAS).flatMap(([variable, fields]) =>
  Object.keys(fields).map((field) => `${variable}.${field}`),
);

/** What a condition may call. */
export const FUNCTIONS = [
  'size',
  'startsWith',
  'endsWith',
  'contains',
  'has',
  'exists',
  'all',
  'exists_one',
  'string',
  'int',
  'double',
];

const options = {
  limits: { maxAstNodes: 200, maxDepth: 24, maxListElements: 64, maxMapEntries: 16, maxCallArguments: 8 },
};
/** Knows the type of every fact: conditions are checked in it when the policy is read. */
const typed = new Environment(options);
/**
 * Takes facts as they are: conditions that passed the check run in it, several times faster. It knows no types of facts, and
 * a list of a fact and a word, which the check has found to be of one type, would be of two.
 */
const running = new Environment({ ...options, homogeneousAggregateLiterals: false });
for (const [variable, schema] of Object.entries(SCHEMAS)) {
  typed.registerVariable({ name: variable, schema });
  running.registerVariable(variable, 'dyn');
}

/** Claims of a token are JSON of no known shape: a key that is not there makes the condition fail. */
const ofClaims = new Environment({ ...options, homogeneousAggregateLiterals: false });
ofClaims.registerVariable('claims', 'map');

interface Refused {
  readonly ok: false;
  readonly message: string;
  readonly choices?: readonly string[];
}
export type ConditionResult = { readonly ok: true; readonly condition: Condition } | Refused;

/** Reads and type-checks one condition. */
export function readCondition(source: string): ConditionResult {
  const refused = refusal(source, typed, CONDITION_NAMES);
  if (refused !== undefined) return refused;
  const run = running.parse(source);
  return { ok: true, condition: { source, holds: (facts) => holds(run, facts) } };
}

/** Says whether the claims of a verified token meet a condition; `failed` where it has no value for them, which is no. */
export type ClaimsCondition = (claims: Readonly<Record<string, unknown>>) => boolean | 'failed';

/** Reads a condition on `claims`, the claims of a token (RFC 7519 §4): `claims.repository == "acme/shop"`. */
export function readClaimsCondition(
  source: string,
): { readonly ok: true; readonly accepts: ClaimsCondition } | Refused {
  const refused = refusal(source, ofClaims, ['claims.NAME']);
  if (refused !== undefined) return refused;
  const run = ofClaims.parse(source);
  return { ok: true, accepts: (claims) => holds(run, { claims }) };
}

function refusal(source: string, environment: Environment, names: readonly string[]): Refused | undefined {
  try {
    const parsed = environment.parse(source);
    const forbidden = forbiddenCall(parsed.ast);
    if (forbidden !== undefined) {
      const message = `the condition calls ${forbidden}(), which is not allowed here`;
      return { ok: false, message, choices: FUNCTIONS };
    }
    const checked = parsed.check();
    if (!checked.valid) return wrong(source, checked.error, names);
    if (checked.type === 'bool') return undefined;
    return { ok: false, message: `the condition gives ${checked.type ?? 'an unknown type'}, not true or false` };
  } catch (error) {
    return wrong(source, error, names);
  }
}

function holds<T>(parsed: (facts: T) => unknown, facts: T): boolean | 'failed' {
  try {
    const value = parsed(facts);
    return typeof value === 'boolean' ? value : 'failed';
  } catch {
    return 'failed';
  }
}

function wrong(source: string, error: unknown, names: readonly string[]): Refused {
  const { summary, code, range } = error as { summary?: string; code?: string; range?: { start: number } };
  const where = range === undefined ? '' : ` at character ${range.start + 1} of "${source.slice(0, 60)}"`;
  const message = `the condition is not valid: ${summary ?? 'it cannot be read'}${where}`;
  const naming = code === 'no_such_key' || code === 'unknown_variable';
  return { ok: false, message, ...(naming ? { choices: names } : {}) };
}

/** The name of the first function called that is not on the list. */
function forbiddenCall(node: ASTNode): string | undefined {
  if ((node.op === 'call' || node.op === 'rcall') && !FUNCTIONS.includes(node.args[0])) return node.args[0];
  for (const child of childrenOf(node.args)) {
    const found = forbiddenCall(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function childrenOf(value: unknown): readonly ASTNode[] {
  if (Array.isArray(value)) return value.flatMap(childrenOf);
  if (typeof value === 'object' && value !== null && 'op' in value && 'args' in value) return [value as ASTNode];
  return [];
}
