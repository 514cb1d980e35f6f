import { setTimeout as delay } from 'node:timers/promises';
import { type PolicyStateView } from '../../../shared/policy-views.ts';
import { CountersignError } from '../../errors.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { compilePolicy } from '../../policy/compile.ts';
import { countRules, problemView } from '../../policy/tools/check.ts';
import { readConfiguration } from '../../profile/configuration-file.ts';
import { PROFILE_FILES } from '../../profile/directory.ts';
import { revisionOf } from '../../profile/edit-policy.ts';
import { lockedFor } from './save-policy.ts';

/** Milliseconds between two looks at the file and at what is in force. */
const INTERVAL = 250;

/** The policy that was in force at the last look, and since when: another connection makes no other policy. */
const known = new WeakMap<object, { readonly hash: string; readonly since: string }>();

function sinceOf(installation: Installation): string {
  const { policy, since } = installation.inForce();
  const before = known.get(installation);
  if (before?.hash === policy.hash) return before.since;
  known.set(installation, { hash: policy.hash, since: since.toISOString() });
  return since.toISOString();
}

/** policy.yaml as it is on disk, and the policy that is in force, which is an older one where the file is not right. */
export async function policyState(installation: Installation, session: Session): Promise<PolicyStateView> {
  const { policy } = installation.inForce();
  const file = await fileOf(installation.home);
  const compiled = compilePolicy(file.text, policy.context);
  const problems = compiled.ok || file.trouble !== null ? [] : compiled.problems.map(problemView);
  const malformed =
    problems.length === 0 ? null : `${PROFILE_FILES.policy} is not right: the last good policy stays in force.`;
  return {
    text: file.text,
    revision: revisionOf(file.text),
    inForce: policy.hash,
    since: sinceOf(installation),
    rules: countRules(policy),
    trouble: file.trouble ?? malformed ?? installation.trouble() ?? null,
    problems,
    locked: lockedFor(installation, session),
  };
}

/** The same now and after every change, until the signal aborts. */
export async function* policyStates(
  installation: Installation,
  seated: () => Promise<{ readonly session: Session }>,
  signal: AbortSignal,
): AsyncGenerator<PolicyStateView> {
  let told: string | undefined;
  let looked: string | undefined;
  while (!signal.aborted) {
    const file = await fileOf(installation.home);
    const now = [file.text, file.trouble, installation.inForce().policy.hash, installation.trouble()].join('\n');
    if (now !== looked) {
      looked = now;
      const state = await policyState(installation, (await seated()).session);
      const view = JSON.stringify(state);
      if (view !== told) yield state;
      told = view;
    }
    await delay(INTERVAL, undefined, { signal }).catch(() => undefined);
  }
}

async function fileOf(home: string): Promise<{ readonly text: string; readonly trouble: string | null }> {
  try {
    return { text: await readConfiguration(home, PROFILE_FILES.policy), trouble: null };
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return { text: '', trouble: error.message };
  }
}
