/** What a verification found, as data: the window, the command line and scripts show the same. */
export interface Checked {
  /** What was looked at, in words. */
  readonly what: string;
  readonly count: number;
  /** Who or what proves it. */
  readonly provenBy: string;
}

export interface Finding {
  /** Stable, for scripts. */
  readonly code: string;
  readonly sentence: string;
  /** File, byte or event, or null where it concerns the whole log. */
  readonly where: string | null;
}

export interface VerifiedLog {
  readonly id: string;
  /** Entries read. */
  readonly size: number;
  /** RFC 6962 root over them, hex. */
  readonly root: string;
  /** Entries that a signature covers. */
  readonly signed: number;
  /** The log's verifier key (C2SP signed-note vkey), as leaf 0 states it. */
  readonly key: string;
}

export interface Report {
  /** True when there is no finding: nothing that was checked is wrong. */
  readonly good: boolean;
  readonly logs: readonly VerifiedLog[];
  readonly checked: readonly Checked[];
  readonly findings: readonly Finding[];
  readonly notChecked: readonly string[];
}

/** The directory cannot be checked at all: it is absent, unreadable, or holds no log. */
export class CannotVerify extends Error {
  override readonly name = 'CannotVerify';
}

/** At most this many findings of one code are listed; the rest are counted. */
const LISTED = 20;

/** Collects a report over one or several logs. */
export class Reporter {
  readonly #checked = new Map<string, { count: number; readonly provenBy: string }>();
  readonly #findings: Finding[] = [];
  readonly #ofCode = new Map<string, number>();
  readonly #notChecked = new Set<string>();
  readonly #logs: VerifiedLog[] = [];

  checked(what: string, count: number, provenBy: string): void {
    const known = this.#checked.get(what);
    if (known === undefined) this.#checked.set(what, { count, provenBy });
    else known.count += count;
  }

  finding(code: string, sentence: string, where: string | null = null): void {
    const seen = (this.#ofCode.get(code) ?? 0) + 1;
    this.#ofCode.set(code, seen);
    if (seen <= LISTED) this.#findings.push({ code, sentence, where });
  }

  notChecked(sentence: string): void {
    this.#notChecked.add(sentence);
  }

  log(log: VerifiedLog): void {
    this.#logs.push(log);
  }

  report(): Report {
    const more = [...this.#ofCode]
      .filter(([, seen]) => seen > LISTED)
      .map(([code, seen]) => ({ code, sentence: `${seen - LISTED} more findings of this kind.`, where: null }));
    return {
      good: this.#findings.length === 0,
      logs: this.#logs,
      checked: [...this.#checked].map(([what, { count, provenBy }]) => ({ what, count, provenBy })),
      findings: [...this.#findings, ...more],
      notChecked: [...this.#notChecked],
    };
  }
}

/** The report as a person reads it. */
export function reportText(report: Report): string {
  const lines: string[] = [];
  for (const { id, size, signed, root, key } of report.logs)
    lines.push(`Log ${id}: ${size} events, ${signed} under a signature`, `  root ${root}`, `  key  ${key}`);
  if (report.checked.length > 0) lines.push('', 'Checked');
  for (const { what, count, provenBy } of report.checked) lines.push(`  ${count} ${what} (proven by ${provenBy})`);
  if (report.notChecked.length > 0) lines.push('', 'Not checked');
  for (const sentence of report.notChecked) lines.push(`  ${sentence}`);
  if (report.findings.length > 0) lines.push('', 'Findings');
  for (const { code, sentence, where } of report.findings)
    lines.push(`  ${code}: ${sentence}${where === null ? '' : ` [${where}]`}`);
  lines.push('', report.good ? 'Good: nothing that was checked is wrong.' : 'NOT GOOD: see the findings.');
  return `${lines.join('\n')}\n`;
}
