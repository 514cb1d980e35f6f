/**
 * What is given for a time, over all logs that are looked at: grants that people take, and tokens with which agents act for
 * them. Each begins once, ends at most once, and is relied on only meanwhile, by whom it is for.
 */
import { inWords } from './json.ts';
import { CLOCKS_DIFFER } from './login-proof.ts';
import { type Reporter } from './report.ts';

export type Lasting = 'grant' | 'token';

/** Times in seconds since 1970. */
export interface Begin {
  readonly where: string;
  readonly t: number;
  readonly until: number;
  /** Issuer and subject. */
  readonly person: string;
  /** Connections that it is for; undefined where it is for all. */
  readonly connections: readonly unknown[] | undefined;
}
export interface End {
  readonly where: string;
  readonly t: number;
  /** Nobody made it: its time was over. */
  readonly byTime: boolean;
}
export interface Use {
  readonly where: string;
  readonly t: number;
  readonly person: string;
  readonly connection: unknown;
}

/** What one log, or all of them, say. */
export class LastingEvents {
  readonly begins = new Map<string, Begin[]>();
  readonly ends = new Map<string, End[]>();
  /** The first and the last of each person and connection: those between are as good as these. */
  readonly uses = new Map<string, Map<string, { first: Use; last: Use }>>();

  begin(kind: Lasting, id: string, begin: Begin): void {
    push(this.begins, `${kind} ${id}`, begin);
  }

  end(kind: Lasting, id: string, end: End): void {
    push(this.ends, `${kind} ${id}`, end);
  }

  use(kind: Lasting, id: string, use: Use): void {
    const key = `${kind} ${id}`;
    const uses = this.uses.get(key) ?? new Map<string, { first: Use; last: Use }>();
    this.uses.set(key, uses);
    const by = `${use.person} ${inWords(use.connection)}`;
    const known = uses.get(by);
    if (known === undefined) uses.set(by, { first: use, last: use });
    else {
      if (use.t < known.first.t) known.first = use;
      if (use.t > known.last.t) known.last = use;
    }
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/** Seconds between the end of something and the last event of what had begun to rely on it. */
const SETTLES = 5;

const WORDS: Readonly<Record<Lasting, { readonly one: string; readonly begun: string; readonly relied: string }>> = {
  grant: { one: 'grant', begun: 'taken', relied: 'A statement relied on a grant' },
  token: { one: 'token', begun: 'given', relied: 'An agent acted with a token' },
};

/**
 * @param completeUntil seconds since 1970 until which all logs of the profile were looked at: what began in none of them before
 * that never began
 */
export function judgeLasting(events: LastingEvents, completeUntil: number, report: Reporter): void {
  let unknown = 0;
  const ids = new Set([...events.begins.keys(), ...events.ends.keys(), ...events.uses.keys()]);
  const counts: Record<Lasting, number> = { grant: 0, token: 0 };
  for (const key of ids) {
    const kind = key.startsWith('grant ') ? 'grant' : 'token';
    const { one, begun, relied } = WORDS[kind];
    const [begin, ...others] = inTime(events.begins.get(key));
    const ends = inTime(events.ends.get(key));
    const uses = [...(events.uses.get(key)?.values() ?? [])];
    for (const { where } of others) report.finding(`${kind}-begin`, `It says that a ${one} was ${begun} twice.`, where);
    if (begin === undefined) {
      const known = <T extends { readonly t: number }>(list: readonly T[]): readonly T[] =>
        list.filter(({ t }) => t < completeUntil - SETTLES);
      for (const { where } of known(ends))
        report.finding(`${kind}-end`, `It ends a ${one} that was never recorded as ${begun}.`, where);
      for (const { where } of known(uses.map(({ first }) => first)))
        report.finding(`${kind}-use`, `${relied} that was never recorded as ${begun}.`, where);
      unknown++;
      continue;
    }
    counts[kind]++;
    for (const end of secondEnds(ends))
      report.finding(`${kind}-end`, `It ends a ${one} that had ended before.`, end.where);
    for (const use of uses) judgeUse(kind, begin, ends[0], use, report);
  }
  for (const kind of ['grant', 'token'] as const)
    if (counts[kind] > 0)
      report.checked(
        `${kind}s that began once, ended at most once, and were relied on only meanwhile, by whom they were for`,
        counts[kind],
        'the events of all logs looked at',
      );
  if (unknown > 0)
    report.notChecked(`How ${String(unknown)} grants and tokens began: that is in no log that was looked at.`);
}

const inTime = <T extends { readonly t: number }>(list: readonly T[] = []): readonly T[] =>
  list.toSorted((a, b) => a.t - b.t);

/** Two processes may end one at the same moment: one because of its time, the other because somebody wants it. */
function secondEnds([first, second, ...more]: readonly End[]): readonly End[] {
  if (first === undefined || second === undefined) return [];
  const together = first.byTime !== second.byTime && second.t - first.t <= SETTLES;
  return together ? more : [second, ...more];
}

function judgeUse(
  kind: Lasting,
  begin: Begin,
  end: End | undefined,
  { first, last }: { readonly first: Use; readonly last: Use },
  report: Reporter,
): void {
  const { begun, relied } = WORDS[kind];
  const finding = (what: string, { where }: Use): void => report.finding(`${kind}-use`, `${relied} ${what}.`, where);
  if (first.person !== begin.person) finding('of somebody else', first);
  else if (begin.connections?.includes(first.connection) === false) finding('that is for another connection', first);
  if (first.t < begin.t - CLOCKS_DIFFER) finding(`before it was ${begun}`, first);
  if (last.t > begin.until + CLOCKS_DIFFER) finding('after its time', last);
  else if (end !== undefined && last.t > end.t + SETTLES) finding('that had been ended', last);
}
