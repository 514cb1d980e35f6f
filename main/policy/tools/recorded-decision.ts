import { z } from 'zod';
import { type PolicyQuestion } from '../answer.ts';
import { ACTIONS, ENVIRONMENTS, MASK_STRENGTHS, PERMIT_FORMS, RECORD_LEVELS } from '../vocabulary.ts';

/**
 * What the record keeps of a decision (`pol.input`, docs/policy.md, "Deciding again"), as far as another policy can be asked
 * the same questions with it. It may come from an older version, or from somebody who forged it: what is not of this form
 * is not decided again.
 */

const text = z.string().max(10_000);
const relation = z.union([z.enum(['none', 'unknown']), z.object({ schema: text, name: text })]);

const answer = z.object({
  effect: z.enum(['allow', 'deny']),
  rules: z.array(text),
  failed: z.array(text).default([]),
  masks: z.record(text, z.tuple([z.enum(MASK_STRENGTHS), text])).default({}),
  rows: z.number().optional(),
  bytes: z.number().optional(),
  ms: z.number().optional(),
  rowsPerHour: z.number().optional(),
  approvals: z.array(z.tuple([text, z.number(), z.array(text)]).rest(text)).default([]),
  reason: text.optional(),
  stepUp: text.optional(),
  stepUpMinutes: z.number().optional(),
  record: z.enum(RECORD_LEVELS).optional(),
  noExport: text.optional(),
  watermark: text.optional(),
});
export type RecordedAnswer = z.output<typeof answer>;

const column = z.object({
  column: z.tuple([text, text, text]),
  class: text,
  group: text,
  /** Where it comes out, and how its values reach it. */
  output: z.number().optional(),
  shows: text.optional(),
  /** Where it is used otherwise. */
  place: text.optional(),
  form: z.enum(PERMIT_FORMS).optional().catch(undefined),
  view: text.optional(),
  notNull: z.boolean().optional(),
});
export type RecordedColumn = z.output<typeof column>;

const decision = z.object({
  v: z.literal(1),
  at: z.iso.datetime(),
  action: z.enum(ACTIONS),
  person: z.object({
    name: text.optional(),
    email: text.optional(),
    groups: z.union([z.literal('unknown'), z.array(text)]),
    verified: z.boolean(),
    acr: text.optional(),
    amr: z.array(text).optional(),
  }),
  agent: text.optional(),
  service: text.optional(),
  connection: z.object({ name: text, env: z.enum(ENVIRONMENTS), database: text, team: text.optional() }),
  grants: z.array(text),
  rowsLastHour: z.number().optional(),
  /** The statement was too large for its questions to be kept. */
  cut: z.boolean().default(false),
  asked: z.array(z.object({ action: z.enum(ACTIONS), on: relation, answer: z.int().min(0) })).default([]),
  answers: z.array(answer).default([]),
  views: z.array(z.tuple([text, text])).default([]),
  columns: z.array(column).default([]),
  /** Absent where it was refused; without `leaving` in records from before that was asked. */
  allowed: z.object({ leaving: z.enum(['yes', 'no', 'asked-then']).optional() }).optional(),
});
export type RecordedDecision = z.output<typeof decision>;

/** Undefined where it is not of a form that is known here. */
export function readRecordedDecision(content: Uint8Array): RecordedDecision | undefined {
  let given: unknown;
  try {
    given = JSON.parse(Buffer.from(content).toString('utf8'));
  } catch {
    return undefined;
  }
  const read = decision.safeParse(given);
  if (!read.success) return undefined;
  const { asked, answers } = read.data;
  return asked.every((question) => answers[question.answer] !== undefined) ? read.data : undefined;
}

/** A question as it was asked then. */
export function recordedQuestion(
  { at, person, agent, service, connection, grants, rowsLastHour }: RecordedDecision,
  action: PolicyQuestion['action'],
  relation: PolicyQuestion['relation'],
): PolicyQuestion {
  const { name, email, groups, verified, acr, amr } = person;
  return {
    action,
    relation,
    asker: {
      ...{ groups, verified },
      ...(name === undefined ? {} : { name }),
      ...(email === undefined ? {} : { email }),
      ...(acr === undefined ? {} : { acr }),
      ...(amr === undefined ? {} : { amr }),
      ...(service === undefined ? {} : { service: { name: service } }),
      ...(agent === undefined ? {} : { agent: { id: agent } }),
    },
    connection: {
      name: connection.name,
      environment: connection.env,
      database: connection.database,
      ...(connection.team === undefined ? {} : { team: connection.team }),
    },
    grants,
    now: new Date(at),
    ...(rowsLastHour === undefined ? {} : { rowsLastHour }),
  };
}
