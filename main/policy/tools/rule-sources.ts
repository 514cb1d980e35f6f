import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { type CompiledPolicy } from '../compiled-policy.ts';
import { type PolicyFile, type RuleSource } from '../policy-file.ts';

const sources = new WeakMap<CompiledPolicy, ReadonlyMap<string, RuleSource>>();

/** The rules as they are written, by id: what sentences about them quote. */
export function ruleSources(policy: CompiledPolicy): ReadonlyMap<string, RuleSource> {
  const known = sources.get(policy);
  if (known !== undefined) return known;
  const { rules } = documentOf(policy);
  const found = new Map(rules.map((rule) => [rule.id, rule]));
  sources.set(policy, found);
  return found;
}

/** A policy as it was read: every part of its file but the tests. */
export const documentOf = (policy: CompiledPolicy): Omit<PolicyFile, 'tests'> =>
  JSON.parse(policy.document) as Omit<PolicyFile, 'tests'>;

/** Where each rule stands in a policy's text, lines from 1; the text may be half-written. */
export function ruleLines(text: string): ReadonlyMap<string, number> {
  const lineCounter = new LineCounter();
  const rules = parseDocument(text, { lineCounter, prettyErrors: false }).get('rules');
  const found = new Map<string, number>();
  for (const rule of isSeq(rules) ? rules.items : []) {
    const id: unknown = isMap(rule) ? rule.get('id', true) : undefined;
    if (isMap(rule) && isScalar(id) && typeof id.value === 'string' && rule.range)
      found.set(id.value, lineCounter.linePos(rule.range[0]).line);
  }
  return found;
}
