/** Another engine's opinion of random policies: what is allowed and denied, and by which rules. */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type PolicyQuestion } from './answer.ts';
import { evaluate } from './evaluate.ts';
import { ACT, asCedar, cedarRequest } from './testing/as-cedar.ts';
import { numbered, policyOf, questions, type Rule, rules } from './testing/random-policies.ts';

/** Each is asked several questions. More for whoever has the time: COUNTERSIGN_RANDOM_POLICIES=20000. */
const POLICIES = Number(process.env['COUNTERSIGN_RANDOM_POLICIES'] ?? 500);
const QUESTIONS = 8;
/** Milliseconds. */
const timeout = 60_000 + POLICIES * 300;

interface Opinion {
  readonly effect: 'allow' | 'deny';
  readonly rules: readonly string[];
}

/** Ids of the rules that decide, by Cedar's own account. */
function determining(set: string, question: PolicyQuestion, asker: PolicyQuestion['asker'], action: string) {
  const { entities, ...request } = cedarRequest(question, asker, action);
  const answer = cedar.statefulIsAuthorized({
    ...(request as unknown as Omit<cedar.StatefulAuthorizationCall, 'preparsedPolicySetId' | 'entities'>),
    entities: entities as unknown as cedar.Entities,
    preparsedPolicySetId: set,
  });
  if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors));
  const { decision, diagnostics } = answer.response;
  expect(diagnostics.errors).toEqual([]);
  return { decision, rules: diagnostics.reason };
}

/** An agent has what its person and agents have: each is asked apart, and both have to agree. */
function opinionOf(set: string, question: PolicyQuestion, list: readonly (readonly [string, Rule])[]): Opinion {
  const { agent, ...person } = question.asker;
  const known = determining(set, question, question.asker, ACT).decision === 'allow';
  const asked = [question.asker, ...(agent === undefined ? [] : [person])];
  const answers = asked.map((asker) => determining(set, question, asker, question.action));
  const denied = answers.filter(({ decision, rules: ids }) => decision === 'deny' && ids.length > 0);
  if (denied.length > 0) return { effect: 'deny', rules: union(denied) };
  const names = (id: string): boolean =>
    list.some(
      ([of, { scope }]) =>
        of === id && scope.to?.some((word) => word === 'agent' || word === `agent:${agent?.id ?? ''}`),
    );
  const agentMay = agent === undefined || answers[0]?.rules.some(names) === true;
  const allowed = known && agentMay && answers.at(-1)?.decision === 'allow';
  return { effect: allowed ? 'allow' : 'deny', rules: allowed ? union(answers) : [] };
}

const union = (answers: readonly { readonly rules: readonly string[] }[]): readonly string[] =>
  [...new Set(answers.flatMap((answer) => answer.rules))].sort();

describe('Cedar', () => {
  const counts = { asked: 0, allowed: 0 };
  afterAll(() => console.log(`Cedar agreed on ${counts.asked} questions, ${counts.allowed} of them allowed`));

  const seeds = [20_260_302, Math.trunc(Math.random() * 2 ** 31)];
  it.each(seeds)('decides as the policy does, by the same rules (seed %i)', { timeout }, (seed) => {
    let sets = 0;
    fc.assert(
      fc.property(rules, fc.array(questions, { minLength: QUESTIONS, maxLength: QUESTIONS }), (made, list) => {
        const written = numbered(made);
        const policy = policyOf(written);
        const set = `${String(seed)}-${String(sets++)}`;
        const staticPolicies = asCedar(written);
        expect(cedar.preparsePolicySet('set', { staticPolicies })).toEqual({ type: 'success' });
        for (const asked of list) {
          const here = evaluate(policy, asked);
          const rulesHere = here.rules.filter(({ effect }) => effect !== 'require').map(({ id }) => id);
          counts.asked++;
          if (here.effect === 'allow') counts.allowed++;
          expect({ set, effect: here.effect, rules: rulesHere.sort() }).toEqual({
            set,
            ...opinionOf('set', asked, written),
          });
        }
      }),
      { seed, numRuns: POLICIES / seeds.length },
    );
    expect(counts.allowed).toBeGreaterThan(POLICIES / 2);
  });
});
