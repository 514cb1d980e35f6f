import { type PolicyExplanationView } from '../../../shared/policy-views.ts';
import { CountersignError } from '../../errors.ts';
import { type AskedAs } from '../../gate/explain-as.ts';
import { type Principal, type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { type Asker } from '../../policy/answer.ts';
import { compilePolicy } from '../../policy/compile.ts';
import { type CompiledPolicy } from '../../policy/compiled-policy.ts';
import { readAsker } from '../../policy/tools/askers.ts';
import { explainQuestions } from '../../policy/tools/explain.ts';
import { ruleLines } from '../../policy/tools/rule-sources.ts';
import { readConfiguration } from '../../profile/configuration-file.ts';
import { PROFILE_FILES } from '../../profile/directory.ts';
import { secondLineageOf } from '../connections.ts';
import { verdictView } from '../views.ts';
import { readPolicy } from './read-policy.ts';

export interface ExplainRequest {
  /** A policy to suppose; the one in force where null. */
  readonly text: string | null;
  /** As in a policy test; oneself where empty. */
  readonly as: readonly string[];
  readonly connection: string;
  readonly sql: string;
  /** ms since 1970 UTC; now where absent. */
  readonly at?: number;
  /** Grants that are supposed to be in force. */
  readonly grants?: readonly string[];
  readonly origin: 'desktop' | 'cli';
}

/**
 * The verdict that somebody would get, every question that it rests on, and every rule of it with why it applies. The login
 * of whoever asks is used for the catalog only. @throws CountersignError `policy-invalid`, `asker-unknown`, `grant-unknown`
 */
export async function explainPolicy(
  installation: Installation,
  session: Session,
  { text, as, connection, sql, at, grants, origin }: ExplainRequest,
  signal: AbortSignal,
): Promise<PolicyExplanationView> {
  const inForce = installation.inForce().policy;
  const policy = text === null ? inForce : readPolicy(text, inForce.context);
  refuseUnknownGrants(policy, grants ?? []);
  const asked: AskedAs = {
    ...(text === null ? {} : { policy }),
    ...(as.length === 0 ? {} : { principal: principalOf(policy, as) }),
    ...(at === undefined ? {} : { now: new Date(at) }),
    ...(grants === undefined ? {} : { grants }),
  };
  const request = { session, connection, text: sql, params: [], origin };
  const { judgement, questions } = await installation.gate.explainAs(request, asked, signal);
  const written = text ?? (await textInForce(installation.home, inForce));
  return {
    as: as.length === 0 ? (session.principal.email ?? session.principal.name) : as.join(', '),
    verdict: verdictView(judgement, secondLineageOf(installation, connection)),
    questions: explainQuestions(policy, questions, written === undefined ? new Map() : ruleLines(written)),
  };
}

/** The text of the policy in force; undefined where the file is another one by now. */
async function textInForce(home: string, { hash, context }: CompiledPolicy): Promise<string | undefined> {
  try {
    const text = await readConfiguration(home, PROFILE_FILES.policy);
    const compiled = compilePolicy(text, context);
    return compiled.ok && compiled.policy.hash === hash ? text : undefined;
  } catch {
    return undefined;
  }
}

function principalOf(policy: CompiledPolicy, words: readonly string[]): Principal {
  const read = readAsker(policy, words);
  if (read.ok) return principal(read.asker, words);
  const [problem] = read.problems;
  const choices = problem?.choices ?? [];
  throw new CountersignError('asker-unknown', `That is nobody whom the policy knows: ${problem?.message ?? ''}.`, {
    next: choices.length === 0 ? 'Name them as a policy test does.' : `Choices: ${choices.join(', ')}.`,
  });
}

/** Somebody who is supposed: nobody vouched for them, and nothing but explanations is made for them. */
function principal({ groups, verified, email, agent, service }: Asker, words: readonly string[]): Principal {
  return {
    issuer: 'supposed:',
    subject: words.join(' '),
    name: email ?? words.join(', '),
    groups,
    verified,
    authenticatedAt: new Date(0).toISOString(),
    ...(email === undefined ? {} : { email }),
    ...(service === undefined ? {} : { service }),
    ...(agent === undefined ? {} : { agent: { id: agent.id, name: agent.id } }),
  };
}

function refuseUnknownGrants(policy: CompiledPolicy, names: readonly string[]): void {
  const unknown = names.find((name) => !policy.grants.has(name));
  if (unknown === undefined) return;
  throw new CountersignError('grant-unknown', `The policy has no grant called ${unknown}.`, {
    next: `Its grants are ${[...policy.grants.keys()].join(', ') || 'none'}.`,
  });
}
