import { createHash } from 'node:crypto';
import { type PolicyAnswer } from '../policy/answer.ts';
import { type Action } from '../policy/vocabulary.ts';
import { type Access, type DecideInput } from './decide-access.ts';
import { maskedViews } from './decide-masks.ts';
import { type Limits, type Verdict } from './verdict.ts';

/** Questions, and uses of classified columns, that are kept one by one. */
const MOST = 300;

/**
 * What a decision was made from, as the record keeps it sealed (`pol.input`): everything that the policy was told and
 * asked, its answers, and what came of them; JSON that depends on nothing but its input. With the policy of `pol.hash` a
 * stranger decides again and compares, without the database and without this program (docs/policy.md, "Deciding again").
 */
export function decisionInput(
  input: DecideInput,
  accesses: readonly Access[],
  verdict: Verdict,
  classificationHash: string,
): string {
  const columns = classifiedColumns(input);
  // A statement over a thousand tables is decided as any other, and the record says that it does not have it all.
  const cut = accesses.length > MOST || columns.length > MOST;
  return JSON.stringify({
    ...told(input, input.facts.action),
    classes: classificationHash,
    ...(cut ? { cut: true } : { ...questions(accesses), views: viewsOf(input, accesses), columns }),
    ...(verdict.verdict === 'allow' ? { allowed: allowed(verdict) } : {}),
  });
}

/** The same of rows that were about to leave the screen, `rows` of them: what the policy was told and asked then. */
export function leavingInput(
  input: DecideInput,
  exports: readonly Access[],
  rows: number,
  classificationHash: string,
): string {
  return JSON.stringify({
    ...told(input, 'export'),
    rows,
    classes: classificationHash,
    ...(exports.length > MOST ? { cut: true } : questions(exports)),
  });
}

/** Who asks, where, when, and what is in force for them. */
function told({ now, principal, connection, grants, rowsLastHour, reason }: DecideInput, action: Action) {
  return {
    v: 1,
    at: now.toISOString(),
    action,
    person: {
      name: principal.name,
      email: principal.email,
      groups: principal.groups,
      verified: principal.verified,
      acr: principal.acr,
      amr: principal.amr,
      steppedUpAt: principal.steppedUpAt,
    },
    agent: principal.agent?.id,
    service: principal.service?.name,
    connection: {
      name: connection.name,
      env: connection.environment,
      database: connection.database,
      team: connection.team,
    },
    grants,
    rowsLastHour,
    reason: reason === undefined ? undefined : true,
  };
}

/** Many relations have the same answer: each stands once, and questions name it by its place. */
function questions(accesses: readonly Access[]) {
  const places = new Map<string, number>();
  const answers: unknown[] = [];
  const asked = accesses.map(({ action, relation, answer: given }) => {
    const answer = answerOf(given);
    const key = JSON.stringify(answer);
    const place = places.get(key) ?? answers.push(answer) - 1;
    places.set(key, place);
    return { action, on: relation, answer: place };
  });
  return { asked, answers };
}

/** Minutes that are not written: what `stepUp: true` means, in records from before it could be said otherwise too. */
const STEP_UP_MINUTES = 15;

/** An answer by the ids of its rules; of `masks` the strength by class, group of classes or `*`. */
function answerOf({ effect, rules, obligations, failedConditions }: PolicyAnswer) {
  const { masks, rows, bytes, milliseconds, rowsPerHour, approvals } = obligations;
  const { reason, stepUp, record, noExport, watermark } = obligations;
  return {
    effect,
    rules: rules.map(({ id }) => id),
    failed: failedConditions.length === 0 ? undefined : failedConditions,
    masks:
      masks.size === 0
        ? undefined
        : Object.fromEntries([...masks].map(([name, { strength, rule }]) => [name, [strength, rule.id]])),
    rows: rows?.value,
    bytes: bytes?.value,
    ms: milliseconds?.value,
    rowsPerHour: rowsPerHour?.value,
    approvals:
      approvals.length === 0
        ? undefined
        : approvals.map(({ from, within, count, rule }) => [
            rule.id,
            count,
            from,
            ...(within === undefined ? [] : [within]),
          ]),
    reason: reason?.id,
    stepUp: stepUp?.rule.id,
    stepUpMinutes: stepUp?.minutes === STEP_UP_MINUTES ? undefined : stepUp?.minutes,
    record: record?.level,
    noExport: noExport?.id,
    watermark: watermark?.id,
  };
}

/** Views whose own rules bind what is read through them. */
function viewsOf(input: DecideInput, accesses: readonly Access[]) {
  const views = maskedViews(input, accesses).flatMap(({ relation }) =>
    typeof relation === 'string' ? [] : [[relation.schema, relation.name]],
  );
  return views.length === 0 ? undefined : views;
}

/** Each classified column, where it comes out (`output`) or is used (`place`), with its class. */
function classifiedColumns({ lineage, classification }: DecideInput): readonly unknown[] {
  if (lineage === undefined) return [];
  const outputs = lineage.outputs.flatMap(({ flow, derivation, bounded }, output) =>
    flow.flatMap((column) => {
      const found = classification.of(column);
      if (found === undefined) return [];
      const isBounded = bounded?.includes(column) === true;
      const shows = isBounded ? 'bounded' : derivation === 'bounded' ? 'plain' : derivation;
      return [{ ...classed(column, found), output, shows }];
    }),
  );
  const uses = lineage.uses.flatMap(({ column, place, form, view, notNull }) => {
    const found = classification.of(column);
    if (found === undefined) return [];
    return [{ ...classed(column, found), place, form, view, notNull: notNull ? true : undefined }];
  });
  return [...outputs, ...uses];
}

type Column = NonNullable<DecideInput['lineage']>['uses'][number]['column'];
type Class = NonNullable<ReturnType<DecideInput['classification']['of']>>;

const classed = ({ schema, relation, column }: Column, { class: name, group, source }: Class) => ({
  column: [schema, relation, column],
  class: name,
  group,
  detected: source === 'detected' ? true : undefined,
  commented: source === 'comment' ? true : undefined,
});

function allowed(verdict: Extract<Verdict, { verdict: 'allow' }>) {
  const { envelope, masks, limits, narrowedFrom, groupSize, demanded, rowsPerHour, watermark, leaving, grants } =
    verdict;
  return {
    envelope,
    limits: recordedLimits(narrowedFrom ?? limits),
    left: narrowedFrom && recordedLimits(limits),
    masks: masks.map(({ output, class: name, masker, whole, rule }) => ({
      output,
      class: name,
      masker,
      whole,
      rule: rule.id,
    })),
    minimum: groupSize?.minimum,
    record: demanded?.level,
    rowsPerHour: rowsPerHour?.value,
    watermark: watermark?.id,
    leaving: leaving.kind,
    grants: grants?.map(({ id, name }) => [name, id]),
  };
}

const recordedLimits = ({ rows, bytes, statementTimeout }: Limits) => ({ rows, bytes, ms: statementTimeout });

/** SHA-256 of a document of the record, hex. */
export const documentHash = (document: string): string => createHash('sha256').update(document, 'utf8').digest('hex');
