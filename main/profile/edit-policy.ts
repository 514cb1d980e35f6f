import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CountersignError } from '../errors.ts';
import { tryLock } from '../lock.ts';
import { type CompiledPolicy } from '../policy/compiled-policy.ts';
import { runPolicyTests } from '../policy/policy-tests.ts';
import { writeConfiguration } from './configuration-file.ts';
import { PROFILE_FILES } from './directory.ts';
import { readProfile, readTexts } from './load.ts';

/** What a text of policy.yaml is known by: the SHA-256 of its bytes, hex. */
export const revisionOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/**
 * Puts another text in the place of policy.yaml, as one step. Refused where the file is no longer the one that the text was
 * made from, where the profile would not load with it, or where a test that it carries fails.
 * @param revision of the file that the text was made from
 * @param record is told of the policy before it is written; what it throws leaves the file as it is
 * @throws CountersignError `policy-changed`, `policy-not-text`, `policy-tests-fail`, `profile-busy`, or what `loadProfile` throws
 */
export async function replacePolicy(
  home: string,
  { text, revision }: { readonly text: string; readonly revision: string },
  record: (policy: CompiledPolicy) => Promise<void>,
): Promise<void> {
  // What is checked below would be written as other characters.
  if (!text.isWellFormed()) {
    throw new CountersignError('policy-not-text', 'The policy has half of a character in it.', {
      next: 'Take it out: it is where an editor shows a replacement character.',
    });
  }
  const lock = tryLock(join(home, 'policy.lock'));
  if (lock === null) {
    throw new CountersignError('profile-busy', 'The policy is being saved by another window or command.', {
      next: 'Try again in a moment.',
    });
  }
  try {
    const texts = await readTexts(home);
    if (revisionOf(texts.policy) !== revision) {
      throw new CountersignError('policy-changed', 'policy.yaml was changed by somebody else meanwhile.', {
        next: 'Look at what is in the file now, and save again what is still meant.',
      });
    }
    const { policy } = readProfile(home, { ...texts, policy: text });
    refuseFailing(policy);
    await record(policy);
    await writeConfiguration(home, PROFILE_FILES.policy, text);
  } finally {
    lock.release();
  }
}

/** Failing tests that are named; the others are counted. */
const MOST_NAMED = 5;

function refuseFailing(policy: CompiledPolicy): void {
  const failing = runPolicyTests(policy).filter(({ passed }) => !passed);
  if (failing.length === 0) return;
  const named = failing
    .slice(0, MOST_NAMED)
    .map(({ line, title, differences }) => `${PROFILE_FILES.policy}:${line}: ${title}: ${differences.join('; ')}`);
  const more = failing.length > MOST_NAMED ? [`... and ${failing.length - MOST_NAMED} more`] : [];
  const count = failing.length === 1 ? 'A test' : `${failing.length} tests`;
  throw new CountersignError(
    'policy-tests-fail',
    [`${count} of the policy ${failing.length === 1 ? 'fails' : 'fail'}:`, ...named, ...more].join('\n'),
    { next: 'Correct the rules, or the tests where they expect what is no longer meant.' },
  );
}
