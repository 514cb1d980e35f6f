import { type MaskView, type ReasonView, type ResultColumnView, type VerdictView } from '../../shared/views.ts';
import { type BaseColumn } from '../gate/facts.ts';
import { type Judgement, type ResultColumn } from '../gate/request.ts';
import { type OutputMask, type Reason } from '../gate/verdict.ts';

/** The gate's own types as doors show them: one translation, so that window and command line use the same words (G15). */

const nameOf = (column: BaseColumn): string => `${column.schema}.${column.relation}.${column.column}`;

export function maskView(mask: OutputMask): MaskView {
  const { output, name, rule, sentence } = mask;
  return {
    output,
    name,
    column: nameOf(mask.column),
    class: mask.class,
    rule: rule.id,
    masker: mask.masker.kind,
    sentence,
  };
}

function reasonView({ code, sentence, next, span }: Reason): ReasonView {
  return { code, sentence, next: next ?? null, span: span ?? null };
}

export function columnView({ name, type, numeric, mask }: ResultColumn): ResultColumnView {
  return { name, type, numeric, mask: mask === undefined ? null : maskView(mask) };
}

export function verdictView({ facts, lineage, verdict }: Judgement): VerdictView {
  const allowed = verdict.verdict === 'allow';
  return {
    verdict: verdict.verdict,
    action: facts.action,
    title: facts.title,
    effects: facts.effects,
    objects: facts.relations.map(({ schema, name, access, via }) => ({
      name: `${schema}.${name}`,
      access,
      via: via ?? null,
    })),
    columns: (lineage?.uses ?? []).map((use) => ({ column: nameOf(use.column), place: use.place })),
    outputs: (lineage?.outputs ?? []).map(({ name, flow, derivation }) => ({
      name,
      from: flow.map(nameOf),
      plain: derivation === 'plain',
    })),
    masks: allowed ? verdict.masks.map(maskView) : [],
    rules: verdict.rules.map(({ id, effect, text }) => ({ id, effect, text: text ?? null })),
    reasons: allowed ? [] : verdict.reasons.map(reasonView),
    limits: allowed
      ? { rows: verdict.limits.rows, bytes: verdict.limits.bytes, statementTimeout: verdict.limits.statementTimeout }
      : null,
    approvers: verdict.verdict === 'ask' ? verdict.approvers : [],
  };
}
