/** How logs follow one another (docs/log-format.md, "What a good log obeys", 6 and 7). */
import { at, fileText, inWords, isObject, parseObject, type Json } from './json.ts';
import { type LeafHashes } from './leaf-hashes.ts';
import { type Reporter } from './report.ts';

/** What dead.json says of a log. */
export interface DeadMark {
  readonly bytes: Buffer;
  /** Null when it does not read as JSON. */
  readonly mark: Json | null;
}

export const deadMark = (bytes: Buffer): DeadMark => ({ bytes, mark: parseObject(bytes) });

/** A statement of another log that ended after that log was given up. */
export interface LateOutcome {
  readonly where: string;
  /** `{log, i, h}` */
  readonly of: unknown;
}

/** What a log shows of its place among the others. */
export interface Link {
  readonly id: string;
  readonly dead: DeadMark | null;
  /** `after` of its leaf 0. */
  readonly after: unknown;
  readonly hashes: LeafHashes;
  /** Indexes of intents without an end, and number of sessions without one. */
  readonly open: { readonly intents: ReadonlySet<number>; readonly sessions: number };
  readonly late: readonly LateOutcome[];
  /** Root (hex) over the entries that dead.json vouches for, where they could be read. */
  readonly rootWhenDead: string | null;
}

/** @param complete false where only one log, or a copy that may have begun later, was given. */
export function checkSuccession(links: readonly Link[], complete: boolean, report: Reporter): void {
  for (const link of links) {
    if (link.dead !== null) checkDead(link, link.dead, links, complete, report);
    if (isObject(link.after)) checkPredecessor(link, link.after, links, complete, report);
  }
  checkLate(links, report);
}

function checkDead(
  link: Link,
  { bytes, mark }: DeadMark,
  links: readonly Link[],
  complete: boolean,
  report: Reporter,
): void {
  const { id } = link;
  const where = `${id}/dead.json`;
  if (mark?.log !== id) return report.finding('log-dead', 'It was given up, and it cannot be read why.', where);
  if (mark.copied === true)
    report.checked(
      'logs that are not continued here because the directory is a copy or was moved',
      1,
      'the log that follows',
    );
  else
    report.finding(
      'log-dead',
      `The log was given up: ${typeof mark.reason === 'string' ? mark.reason : 'for a reason that cannot be read'}.`,
      id,
    );
  if (complete && !links.some(({ after }) => at(after, 'log') === id && fileText(after) === bytes.toString()))
    report.finding('successor', 'No log follows it that names it as it was given up.', where);
  if (link.rootWhenDead !== null && link.rootWhenDead !== mark.root)
    report.finding('dead-root', `Its first ${inWords(mark.size)} events are not those it was given up with.`, where);
  if (!isObject(mark.open)) return;
  const { intents, sessions } = mark.open;
  if (intents !== link.open.intents.size || sessions !== link.open.sessions)
    report.finding(
      'dead-open',
      `It was given up with ${inWords(intents)} statements and ${inWords(sessions)} sessions open, and ${link.open.intents.size} and ${link.open.sessions} are.`,
      where,
    );
}

function checkPredecessor(link: Link, after: Json, links: readonly Link[], complete: boolean, report: Reporter): void {
  const log = inWords(after.log);
  const why = typeof after.reason === 'string' ? after.reason : 'for a reason that cannot be read';
  const before = links.find(({ id }) => id === after.log);
  if (before === undefined) {
    if (complete) report.finding('predecessor', `It follows the log ${log}, which is not here.`, link.id);
    else report.notChecked(`The log ${log}, which ${link.id} follows (${why}): it was not given.`);
    return;
  }
  if (after.copied === true) return; // Of one log there may be many copies, and each begins a log of its own.
  // The mark is not part of a copy, and a crash may come before it is made: the signed leaf of the successor says the same.
  if (before.dead === null) report.finding('log-dead', `The log was given up: ${why}.`, before.id);
  if (links.some((other) => other.id < link.id && givesUp(other, before.id)))
    report.finding('successor', `Another log follows ${log}, too.`, link.id);
}

/** Does its leaf 0 say that the log `id` must not go on? */
const givesUp = ({ after }: Link, id: string): boolean => at(after, 'log') === id && at(after, 'copied') !== true;

/** Each names an intent that its log left open, once. */
function checkLate(links: readonly Link[], report: Reporter): void {
  const seen = new Set<string>();
  let checked = 0;
  for (const { late } of links)
    for (const { where, of } of late) {
      const i = at(of, 'i');
      const log = links.find(({ id }) => id === at(of, 'log'));
      if (log === undefined) {
        report.notChecked(`The statement of ${inWords(at(of, 'log'))} that ${where} ends: that log was not given.`);
        continue;
      }
      checked++;
      const key = `${log.id} ${inWords(i)}`;
      const givenUp = log.dead !== null || links.some((other) => givesUp(other, log.id));
      if (typeof i !== 'number' || !log.open.intents.has(i) || !log.hashes.has(i, at(of, 'h')) || !givenUp)
        report.finding('late-outcome', 'It ends a statement that its log did not leave open.', where);
      else if (seen.has(key)) report.finding('late-outcome', 'It ends a statement that was ended before.', where);
      seen.add(key);
    }
  if (checked > 0) report.checked('statements that ended after their log was given up', checked, 'leaf hash');
}
