import { type Asker, type PolicyQuestion } from '../answer.ts';
import { type CompiledPolicy, type CompiledRule, type KnownConnection } from '../compiled-policy.ts';
import { type LocalTime } from '../local-clock.ts';
import { isConnection } from '../place.ts';
import { type Action } from '../vocabulary.ts';
import { whoAsks } from '../who.ts';
import { type KindOfAsker, withAgentsOfAnybody } from './askers.ts';
import { conditionHolds, hindranceOf, namingAgents, rulesAsked } from './probe.ts';

/** A rule as far as it is not settled by who asks, where and for what: what is left is the table, and a condition. */
export interface CellRule {
  readonly rule: CompiledRule;
  /** Whether it speaks of some tables only. */
  readonly tables: boolean;
  /** As written; undefined where there is none, or it is settled. */
  readonly condition: string | undefined;
}

/** The rules of an action that have to do with one kind of asker on one connection, while they have the grants named. */
export type RulesOfCell = (
  kind: KindOfAsker,
  connection: KnownConnection,
  action: Action,
  grants: readonly string[],
) => readonly CellRule[];

/** Facts of time that nobody knows: a condition that needs one is left open. */
const NO_TIME = {} as LocalTime;
/** What a condition says of a fact that is absent is nothing about the fact. */
const ASKS_WHETHER_KNOWN = /\bhas\s*\(/;
const MENTIONS = {
  asker: /\b(person|agent|service)\b/,
  connection: /\bconnection\b/,
  action: /\bstatement\b/,
} as const;

/** What does not depend on all of who, where and what is worked out once. */
export function rulesOfCells(given: CompiledPolicy): RulesOfCell {
  const policy: CompiledPolicy = { ...withAgentsOfAnybody(given), localTime: () => NO_TIME };
  const conditions = new Map<string, boolean | 'unknown'>();
  const meant = new Map<string, ReadonlyMap<CompiledRule, boolean>>();
  const everyRule = new Set([...Object.values(policy.rulesFor).flat(), ...policy.permits]);

  /** Of all rules, those that are about this asker, wherever and whenever. */
  function about(
    kind: KindOfAsker,
    connection: KnownConnection,
    grants: readonly string[],
  ): ReadonlyMap<CompiledRule, boolean> {
    const where = grants.length === 0 ? '' : `${connection.name} ${grants.join()}`;
    const key = `${kind.id}\n${where}`;
    const known = meant.get(key);
    if (known !== undefined) return known;
    const question = questionOf(kind.asker, connection, 'select', grants);
    const { known: counts } = whoAsks(policy, kind.asker);
    const found = new Map([...everyRule].map((rule) => [rule, isAbout(rule, question, counts)]));
    meant.set(key, found);
    return found;
  }

  function isAbout(rule: CompiledRule, question: PolicyQuestion, counts: boolean): boolean {
    const { condition: _condition, ...unconditional } = rule;
    const gives = rule.reference.effect === 'allow' || rule.reference.effect === 'permit';
    if (gives && !counts) return false;
    // Whatever gives an agent something names agents: of its person, here, everything is given.
    const to = gives && question.asker.agent !== undefined ? namingAgents(rule.to) : rule.to;
    return hindranceOf(policy, question, { ...unconditional, to, place: {} }) === undefined;
  }

  function settled(
    condition: NonNullable<CompiledRule['condition']>,
    kind: KindOfAsker,
    connection: KnownConnection,
    action: Action,
  ): boolean | 'unknown' {
    const { source } = condition;
    if (ASKS_WHETHER_KNOWN.test(source)) return 'unknown';
    const key = [
      source,
      MENTIONS.asker.test(source) ? kind.id : '',
      MENTIONS.connection.test(source) ? connection.name : '',
      MENTIONS.action.test(source) ? action : '',
    ].join('\n');
    const known = conditions.get(key);
    if (known !== undefined) return known;
    const holds = conditionHolds(policy, questionOf(kind.asker, connection, action, []), condition);
    conditions.set(key, holds);
    return holds;
  }

  return (kind, connection, action, grants) => {
    const isMeant = about(kind, connection, grants);
    return rulesAsked(policy, action).flatMap((rule): readonly CellRule[] => {
      if (isMeant.get(rule) !== true || !isConnection(rule.place, connection)) return [];
      const { condition, place } = rule;
      const holds = condition === undefined ? true : settled(condition, kind, connection, action);
      if (holds === false) return [];
      const tables = place.schemas !== undefined || place.tables !== undefined;
      return [{ rule, tables, condition: holds === 'unknown' ? condition?.source : undefined }];
    });
  };
}

function questionOf(
  asker: Asker,
  connection: KnownConnection,
  action: Action,
  grants: readonly string[],
): PolicyQuestion {
  return { action, asker, connection, relation: 'unknown', grants, now: new Date(0) };
}
