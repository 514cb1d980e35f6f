import {
  type MaskView,
  type NamedView,
  type ReasonView,
  type ResultColumnView,
  type VerdictView,
} from '../../shared/views.ts';
import {
  type BaseColumn,
  type Facts,
  type FunctionUse,
  type Lineage,
  type OperatorUse,
  type TypeUse,
} from '../gate/facts.ts';
import { NEEDS } from '../gate/decide-needs.ts';
import { type Judgement, type ResultColumn } from '../gate/request.ts';
import { maskerWords } from '../policy/masker.ts';
import { type OutputMask, type PermittedUse, type Reason, type Verdict } from '../gate/verdict.ts';

/** The gate's own types as doors show them: one translation, so that window and command line use the same words (G15). */

const nameOf = (column: BaseColumn): string => `${column.schema}.${column.relation}.${column.column}`;

export function maskView(mask: OutputMask): MaskView {
  const { output, name, rule, sentence, liftedBy } = mask;
  return {
    output,
    name,
    column: nameOf(mask.column),
    class: mask.class,
    rule: rule.id,
    masker: maskerWords(mask.masker),
    sentence,
    ...(liftedBy === undefined ? {} : { liftedBy }),
  };
}

function reasonView({ code, sentence, next, span, grants }: Reason): ReasonView {
  return { code, sentence, next: next ?? null, span: span ?? null, ...(grants === undefined ? {} : { grants }) };
}

export function columnView({ name, type, numeric, mask }: ResultColumn): ResultColumnView {
  return { name, type, numeric, mask: mask === undefined ? null : maskView(mask) };
}

/** Entries of each list of a view: a statement of a megabyte names more than anybody reads. */
const MAX_LISTED = 500;

/**
 * @param secondLineage of the connection, where it is known
 * @param watermark what stands on the result, where there is one and the verdict wants it
 */
export function verdictView(
  { facts, lineage, verdict }: Judgement,
  secondLineage: VerdictView['secondLineage'] = null,
  watermark?: string,
): VerdictView {
  const allowed = verdict.verdict === 'allow';
  let cut = false;
  const listed = <T>(list: readonly T[]): readonly T[] => {
    cut ||= list.length > MAX_LISTED;
    return list.slice(0, MAX_LISTED);
  };
  const view = {
    verdict: verdict.verdict,
    action: facts.action,
    title: facts.title,
    effects: facts.effects,
    objects: listed(facts.relations).map(({ schema, name, access, via }) => ({
      name: schema === '' ? name : `${schema}.${name}`,
      access,
      via: via ?? null,
    })),
    columns: listed(columnsOf(facts, lineage)),
    functions: listed(facts.functions).map(namedView),
    operators: listed(facts.operators).map(namedView),
    casts: listed(facts.casts).map(namedView),
    types: listed(facts.types).map(namedView),
    // Masks are found by the number of their output: none is left out.
    outputs: (lineage?.outputs ?? []).map(({ name, flow, derivation, span }) => ({
      name,
      from: flow.map(nameOf),
      made: derivation,
      span: span ?? null,
    })),
    masks: allowed ? verdict.masks.map(maskView) : [],
    rules: verdict.rules.map(({ id, effect, text }) => ({ id, effect, text: text ?? null })),
    reasons: allowed ? [] : verdict.reasons.map(reasonView),
    limits: allowed
      ? { rows: verdict.limits.rows, bytes: verdict.limits.bytes, statementTimeout: verdict.limits.statementTimeout }
      : null,
    groupSize: allowed ? (verdict.groupSize?.minimum ?? null) : null,
    permitted: allowed ? (verdict.permitted ?? []).map(permittedView) : [],
    unordered: allowed && verdict.leftOut !== undefined,
    approvers: verdict.verdict === 'ask' ? verdict.approvers : [],
    needs: needsOf(verdict),
    grants: allowed ? (verdict.grants ?? []).map(({ name, until }) => ({ name, until })) : [],
    leaving:
      !allowed || verdict.leaving.kind === 'yes'
        ? ({ kind: 'yes', sentence: null } as const)
        : { kind: verdict.leaving.kind, sentence: verdict.leaving.sentence },
    watermark: allowed && verdict.watermark !== undefined ? (watermark ?? UNSEEN) : null,
    secondLineage,
  };
  return { ...view, cut };
}

/** Of a verdict whose statement has not run. */
const UNSEEN = 'who sees it, when, and where the record has it';

/** What the asker can give so that it runs; nothing where that alone would not do. */
function needsOf(verdict: Verdict): VerdictView['needs'] {
  if (verdict.verdict === 'allow') return [];
  const needs = verdict.reasons.map(({ code }) =>
    Object.hasOwn(NEEDS, code) ? NEEDS[code as keyof typeof NEEDS] : undefined,
  );
  return needs.includes(undefined) ? [] : [...new Set(needs.flatMap((need) => need ?? []))];
}

/** What the catalog says of the columns, or where it could not be asked, what the text does. */
function columnsOf(facts: Facts, lineage: Lineage | undefined): VerdictView['columns'] {
  if (lineage === undefined)
    return facts.columns.map(({ name, place, span }) => ({ column: name.join('.'), place, span: span ?? null }));
  const outputs = lineage.outputs.flatMap(({ flow, derivation, span }) =>
    derivation === 'plain' ? flow.map((column) => ({ column, place: 'output', span })) : [],
  );
  const uses = [...outputs, ...lineage.uses];
  return uses.map(({ column, place, span }) => ({ column: nameOf(column), place, span: span ?? null }));
}

function namedView({
  schema,
  name,
  span,
}: FunctionUse | OperatorUse | (TypeUse & { readonly schema?: never })): NamedView {
  return { name: schema === undefined ? name : `${schema}.${name}`, span: span ?? null };
}

function permittedView({ form, columns, permits }: PermittedUse): VerdictView['permitted'][number] {
  return { form, columns: columns.map(nameOf), permits: permits.map(({ rule }) => rule.id) };
}
