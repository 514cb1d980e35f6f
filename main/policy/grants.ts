import { type Asker, type PolicyQuestion } from './answer.ts';
import { type CompiledGrant, type CompiledPolicy, type KnownConnection } from './compiled-policy.ts';
import { isConnection, isPlace } from './place.ts';
import { approvalWords } from './words.ts';
import { isAgentOf, isPersonOf, whoAsks, type Who } from './who.ts';

/** What the policy says of a grant, for whoever offers, takes and records it. */
export interface TermsOfGrant {
  readonly name: string;
  readonly maxMinutes: number;
  readonly reason: boolean;
  /** Minutes that the proof of who they are may be old; undefined where none is asked for. */
  readonly stepUpMinutes?: number;
  /** Who has to approve, in words; undefined where nobody has to. */
  readonly approval?: string;
  /** Groups of the policy that are told of each use. */
  readonly alert: readonly string[];
  readonly text?: string;
}

/** Undefined where the policy has no grant of that name. */
export function grantTerms(policy: CompiledPolicy, name: string): TermsOfGrant | undefined {
  const grant = policy.grants.get(name);
  if (grant === undefined) return undefined;
  const { maxMinutes, reason, stepUpMinutes, approval, alert, text } = grant;
  return {
    ...{ name, maxMinutes, reason, alert },
    ...(stepUpMinutes === undefined ? {} : { stepUpMinutes }),
    ...(approval === undefined ? {} : { approval: approvalWords(approval) }),
    ...(text === undefined ? {} : { text }),
  };
}

/** Whether a person may take a grant for a connection. Never an agent, which could take it in their name, and never a service. */
export function mayTake(policy: CompiledPolicy, asker: Asker, connection: KnownConnection, name: string): boolean {
  const grant = policy.grants.get(name);
  if (grant === undefined || asker.agent !== undefined || asker.service !== undefined) return false;
  return isConnection(grant.place, connection) && isPersonOf(grant.for, whoAsks(policy, asker), false);
}

/**
 * Whether a grant in force counts for this question: only for those whom the policy in force names, where it may be used; and
 * what binds an agent is lifted only by a grant that names agents. `closing`: of a rule that takes away or binds, whose
 * exemption has to be certain.
 */
export function lifts(
  grant: CompiledGrant,
  who: Who,
  question: Pick<PolicyQuestion, 'connection' | 'relation'>,
  closing: boolean,
): boolean {
  if (who.service !== undefined || !isPlace(grant.place, question, !closing)) return false;
  if (!isPersonOf(grant.for, who, !closing)) return false;
  return !closing || who.agent === undefined || isAgentOf(grant.for, who);
}
