import { type PolicyQuestion, type RuleReference } from '../answer.ts';
import { type CompiledPolicy, type CompiledRule } from '../compiled-policy.ts';
import { type Hindrance } from '../evaluate.ts';
import { type RuleSource } from '../policy-file.ts';
import { isAgentOf, whoAsks, type Who } from '../who.ts';
import { conditionHolds, hindranceOf } from './probe.ts';
import { ruleSources } from './rule-sources.ts';

/** Whether a rule has a part in the answer to a question, and the one thing that decides it. */
export interface Why {
  readonly applies: boolean;
  readonly why: string;
}

export function whyRule(policy: CompiledPolicy, question: PolicyQuestion, rule: CompiledRule): Why {
  const hindrance = hindranceOf(policy, question, rule);
  const who = whoAsks(policy, question.asker);
  const condition = conditionWords(policy, question, rule);
  if (hindrance === undefined) {
    const why = [forWhom(who, rule), ...(condition === undefined ? [] : [condition])].join('; ');
    // An agent that may not act for this person gets nothing, whatever rules say.
    if (gives(rule.reference) && !who.known) return { applies: false, why: notKnown(who) };
    return { applies: true, why };
  }
  return { applies: false, why: HINDRANCES[hindrance.by](question, who, rule, policy, hindrance) };
}

type Said = (
  question: PolicyQuestion,
  who: Who,
  rule: CompiledRule,
  policy: CompiledPolicy,
  hindrance: Hindrance,
) => string;

const HINDRANCES: Readonly<Record<Hindrance['by'], Said>> = {
  place: (question, _who, rule, policy) =>
    elsewhere(question, rule, ruleSources(policy).get(rule.reference.id)?.in ?? {}),
  asker: (_question, { groups, email }, { to }) => {
    const why = `it is for ${whom(to.words)}`;
    if (groups === 'unknown' && to.groups.size > 0) return `${why}, and their groups are not known`;
    return email === undefined && to.persons.size > 0 ? `${why}, and their address is not known` : why;
  },
  group: (_question, { groups }, { unlessGroups }) =>
    groups === 'unknown'
      ? 'their groups are not known, and one of them may be exempt from it'
      : `group ${either([...unlessGroups].filter((name) => groups.has(name)))} is exempt from it`,
  grant: (_question, _who, _rule, _policy, hindrance) =>
    `the grant ${hindrance.by === 'grant' ? hindrance.name : ''} lifts it`,
  condition: (question, _who, rule, policy) => conditionWords(policy, question, rule) ?? '',
};

function elsewhere(
  { connection, relation }: PolicyQuestion,
  { place }: CompiledRule,
  written: NonNullable<RuleSource['in']>,
): string {
  if (place.environments !== undefined && !place.environments.has(connection.environment))
    return `the connection is in ${connection.environment}, and it is for ${either(written.env ?? [])}`;
  if (place.connections !== undefined && !place.connections.has(connection.name))
    return `it is for the connection ${either(written.connection ?? [])}`;
  if (place.databases !== undefined && !place.databases(connection.database))
    return `the database is ${connection.database}, and it is for ${either(written.database ?? [])}`;
  const about = `it is about ${tableWords(written)}`;
  if (relation === 'none') return `${about}, and no table is touched`;
  return relation === 'unknown' ? `${about}, and which tables are touched is not known` : about;
}

/** `table log_* of schema audit`, as a rule names them. */
export function tableWords({ schema = [], table = [] }: NonNullable<RuleSource['in']>): string {
  if (table.length === 0) return `schema ${either(schema)}`;
  return `table ${either(table)}${schema.length === 0 ? '' : ` of schema ${either(schema)}`}`;
}

/** By which of its words a rule means the asker. */
function forWhom(who: Who, { to, reference }: CompiledRule): string {
  const { groups, email, agent, service } = who;
  const inGroups = [...to.groups].filter((name) => groups !== 'unknown' && groups.has(name));
  const words = [
    ...(to.everyone ? ['everyone'] : []),
    ...inGroups.map((name) => `group:${name}`),
    ...(email !== undefined && to.persons.has(email) ? [`person:${email}`] : []),
    ...(service === undefined ? [] : named('service', service, to.service, to.services)),
    ...(agent === undefined ? [] : named('agent', agent, to.agent, to.agents)),
  ];
  const why = words.length > 0 ? `it is for ${whom(words)}` : `it is for ${whom(to.words)}, and that may be them`;
  return agent !== undefined && gives(reference) && !isAgentOf(to, who)
    ? `${why}; an agent needs one that names agents as well`
    : why;
}

const gives = ({ effect }: RuleReference): boolean => effect === 'allow' || effect === 'permit';

const named = (kind: string, name: string, any: boolean, names: ReadonlySet<string>): readonly string[] => [
  ...(names.has(name) ? [`${kind}:${name}`] : []),
  ...(any ? [kind] : []),
];

function notKnown({ agent, service }: Who): string {
  return agent === undefined
    ? `the policy knows no service ${service ?? ''}`
    : `the agent ${agent} may not act for them`;
}

function conditionWords(
  policy: CompiledPolicy,
  question: PolicyQuestion,
  { condition, reference }: CompiledRule,
): string | undefined {
  if (condition === undefined) return undefined;
  const holds = conditionHolds(policy, question, condition);
  if (holds !== 'unknown') return `its condition is ${String(holds)}: ${condition.source}`;
  const counts = gives(reference) ? '' : ', which counts as true';
  return `its condition asks for what is not known${counts}: ${condition.source}`;
}

/** `group analysts or any agent`. */
export function whom(words: readonly string[]): string {
  return either(words.map((word) => ANY[word] ?? word.replace(':', ' ')));
}

const ANY: Readonly<Record<string, string>> = { agent: 'any agent', service: 'any service' };

export function either(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}
