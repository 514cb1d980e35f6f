/** An approval as a rule or an obligation has it. */
interface Approval {
  readonly from: readonly string[];
  readonly within?: string | undefined;
  readonly count: number;
}

/** Who has to approve, as tests write it: `owner-team within group:engineers`. One for each word of `from`. */
export function approvers({ from, within }: Omit<Approval, 'count'>): readonly string[] {
  return from.map((word) => (within === undefined ? word : `${word} within ${within}`));
}

/** Who has to approve, in a sentence: `2 people of security or ana@example.com`. */
export function approvalWords({ from, within, count }: Approval): string {
  const who = listed(from.map(named));
  const people = count === 1 ? 'somebody' : `${String(count)} people`;
  return `${people} of ${who}${within === undefined ? '' : ` who ${count === 1 ? 'is' : 'are'} in ${named(within)} too`}`;
}

function named(word: string): string {
  return word === 'owner-team' ? "the connection's own team" : word.replace(/^(group|person):/, '');
}

function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words[words.length - 1] ?? ''}`;
}
