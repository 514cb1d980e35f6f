import { z } from 'zod';
import {
  ACTION_WORDS,
  ENVIRONMENTS,
  MASK_STRENGTHS,
  NAME,
  NAME_RULE,
  PERMIT_FORMS,
  RECORD_LEVELS,
} from './vocabulary.ts';

/** The shape of policy.yaml. What names mean (groups, classes, connections, conditions) is checked by compile.ts. */

/** `x` and `[x]` mean the same; the list is what the checks below see, so that an error can name the choices. */
function oneOrMany<T extends z.ZodType>(item: T) {
  return z.preprocess(
    (value) => (Array.isArray(value) ? value : [value]),
    z.array(item).min(1, 'must name at least one').max(200),
  );
}

/** As `oneOrMany`, and the empty list too. */
function oneOrNone<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(item).max(200));
}

/** A bare `null` in YAML is the word null here. */
function nullWord(value: unknown): unknown {
  return value === null ? 'null' : value;
}

const name = z.string().regex(NAME, `must be ${NAME_RULE}`);
const words = z.string().min(1).max(500);
const title = z.string().min(1).max(100);
const objectName = z.string().min(1).max(200);

const place = z.strictObject({
  env: oneOrMany(z.enum(ENVIRONMENTS)).optional(),
  connection: oneOrMany(name).optional(),
  database: oneOrMany(objectName).optional(),
  schema: oneOrMany(objectName).optional(),
  table: oneOrMany(objectName).optional(),
});

const selector = z.string().max(300);

const approval = z.strictObject({
  from: oneOrMany(selector),
  within: selector.optional(),
  count: z.int().min(1).max(10).default(1),
});

const minutes = z.int().min(1).max(1440);

/** Minutes that a proof of who somebody is may be old where `stepUp: true` names none. */
const STEP_UP_MINUTES = 15;

function stepUpOr<T extends boolean>(word: T) {
  return z.union([z.literal(word), z.literal(true), z.strictObject({ minutes })], {
    error: `must be ${word ? '' : 'false, '}true or { minutes: NUMBER } with 1 to 1440 minutes`,
  });
}

/** Minutes that the proof may be old; undefined where none is asked for. */
export function stepUpMinutes(written: boolean | { readonly minutes: number } | undefined): number | undefined {
  if (written === undefined || written === false) return undefined;
  return written === true ? STEP_UP_MINUTES : written.minutes;
}

const SIZE = /^(\d{1,15})\s*(B|KiB|MiB|GiB|TiB)?$/;
const UNIT = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

const bytes = z.preprocess((value) => {
  const match = typeof value === 'string' ? SIZE.exec(value) : null;
  return match === null ? value : Number(match[1]) * UNIT[(match[2] ?? 'B') as keyof typeof UNIT];
}, z.int('must be a size such as 500 MiB or 1 GiB').min(1).max(Number.MAX_SAFE_INTEGER));

const limits = z.strictObject({
  rows: z.int().min(1).max(1_000_000_000).optional(),
  bytes: bytes.optional(),
  seconds: z.number().positive().max(86_400).optional(),
  rowsPerHour: z.int().min(1).max(1_000_000_000).optional(),
});

const obligations = z.strictObject({
  mask: z.record(z.string().max(64), z.preprocess(nullWord, z.enum(MASK_STRENGTHS))).optional(),
  limits: limits.optional(),
  approval: approval.optional(),
  reason: z.literal(true).optional(),
  stepUp: stepUpOr(true).optional(),
  record: z.enum(RECORD_LEVELS).optional(),
  noExport: z.literal(true).optional(),
  watermark: z.literal(true).optional(),
});
export const OBLIGATION_WORDS = Object.keys(obligations.shape) as readonly (keyof typeof obligations.shape)[];

/** Of fewer rows, a group says too much of each. */
const LEAST_MINIMUM = 5;

/** What only a permit has. */
const permitParts = {
  of: oneOrMany(z.string().max(64)).optional(),
  minimum: z.int().min(LEAST_MINIMUM, `must be at least ${LEAST_MINIMUM} rows`).max(1_000_000).optional(),
  budget: z.strictObject({ perDay: z.int().min(1).max(100_000) }).optional(),
  views: oneOrMany(z.string().regex(/^[^.]+\.[^.]+$/, 'must be of the form schema.view')).optional(),
  record: z.boolean().optional(),
};
export const PERMIT_PARTS = Object.keys(permitParts) as readonly (keyof typeof permitParts)[];

const rule = z.strictObject({
  id: name,
  allow: oneOrMany(z.enum(ACTION_WORDS)).optional(),
  deny: oneOrMany(z.enum(ACTION_WORDS)).optional(),
  require: obligations.optional(),
  permit: oneOrMany(z.enum(PERMIT_FORMS)).optional(),
  ...permitParts,
  on: oneOrMany(z.enum(ACTION_WORDS)).optional(),
  to: oneOrMany(selector).optional(),
  in: place.optional(),
  when: z.string().min(1).max(2000).optional(),
  unless: z.strictObject({ grant: oneOrMany(name).optional(), group: oneOrMany(name).optional() }).optional(),
  text: words.optional(),
});

const grant = z.strictObject({
  for: oneOrMany(selector),
  in: place.optional(),
  approval: z.preprocess((value) => (value === 'none' ? undefined : value), approval.optional()),
  maxMinutes: minutes,
  reason: z.boolean().default(true),
  stepUp: stepUpOr(false).default(false),
  alert: oneOrMany(name).optional(),
  text: words.optional(),
});

const agent = z.strictObject({
  title: title.optional(),
  for: oneOrMany(selector),
  client: z.string().min(1).max(300).optional(),
  maxMinutes: minutes,
  text: words.optional(),
});

/** Known by its client at the organisation's issuer, or by tokens of another issuer whose claims meet a condition. */
const service = z.strictObject({
  title: title.optional(),
  groups: z.preprocess((value) => (value === undefined ? [] : value), oneOrNone(name)),
  client: z.string().min(1).max(300).optional(),
  issuer: z.string().min(1).max(500).optional(),
  audience: z.string().min(1).max(300).optional(),
  when: z.string().min(1).max(2000).optional(),
  maxMinutes: minutes.default(60),
  text: words.optional(),
});

/** A function, or the compiled functions of an extension, that statements may call although nothing here can read it. */
const treatment = z.strictObject({
  name: objectName.optional(),
  args: z.array(objectName).max(100).optional(),
  extension: objectName.optional(),
  treat: z.enum(['pure', 'contained', 'reads']),
  in: place.omit({ schema: true, table: true }).optional(),
  text: words.optional(),
});

/** What somebody can give so that it runs. */
export const NEEDS = ['reason', 'step-up'] as const;
export type Need = (typeof NEEDS)[number];

const test = z.strictObject({
  as: oneOrMany(selector),
  do: z.enum(ACTION_WORDS.filter((word) => word !== 'read' && word !== 'write' && word !== 'all')),
  on: z
    .strictObject({
      env: z.enum(ENVIRONMENTS).optional(),
      connection: name.optional(),
      database: objectName.optional(),
      table: z.string().max(200).optional(),
    })
    .default({}),
  at: z.string().max(40).optional(),
  grants: oneOrMany(name).optional(),
  rows: z.int().min(0).optional(),
  usage: z.int().min(0).optional(),
  expect: z.enum(['allow', 'deny', 'approval']),
  needs: oneOrNone(z.enum(NEEDS)).optional(),
  approvers: oneOrMany(z.string().max(700)).optional(),
  record: z.enum(RECORD_LEVELS).optional(),
  noExport: z.boolean().optional(),
  watermark: z.boolean().optional(),
  mask: z.record(z.string().max(64), z.preprocess(nullWord, z.enum([...MASK_STRENGTHS, 'clear']))).optional(),
  limits: limits.optional(),
  uses: z
    .record(
      z.string().max(64),
      z.preprocess(
        (value) => (value === 'none' ? [] : typeof value === 'string' ? [value] : value),
        z.array(z.enum(PERMIT_FORMS)),
      ),
    )
    .optional(),
  by: name.optional(),
});

export const policyFile = z.strictObject({
  version: z.literal(1),
  timezone: z.string().max(64).default('UTC'),
  groups: z.record(z.string(), oneOrMany(z.string().min(1).max(300))).default({}),
  agents: z.record(z.string(), agent).optional(),
  services: z.record(z.string(), service).optional(),
  grants: z.record(z.string(), grant).default({}),
  rules: z.array(rule).max(2000),
  functions: z.array(treatment).max(2000).default([]),
  tests: z.array(test).max(2000).default([]),
});

export type PolicyFile = z.output<typeof policyFile>;
export type RuleSource = PolicyFile['rules'][number];
export type TestSource = PolicyFile['tests'][number];
export type TreatmentSource = PolicyFile['functions'][number];
export type AgentSource = z.output<typeof agent>;
export type ServiceSource = z.output<typeof service>;
export type ApprovalSource = z.output<typeof approval>;
