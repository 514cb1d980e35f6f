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
  /** Directory or bucket that it was read from. */
  readonly source: string;
  /** Entries read. */
  readonly size: number;
  /** RFC 6962 root over them, hex. */
  readonly root: string;
  /** Entries that a signature of the log's key covers. */
  readonly signed: number;
  /** Entries under a checkpoint that enough of the trusted witnesses have cosigned; null where no witness is trusted. */
  readonly witnessed: number | null;
  /** The log's verifier key (C2SP signed-note vkey), as leaf 0 states it. */
  readonly key: string;
}

/** What one signer vouches for: that the first `size` events of the log are those of the root, and when it was known. */
export interface Vouching {
  readonly kind: 'log' | 'witness' | 'time-stamp';
  /** Name of the key, or subject of the authority's certificate. */
  readonly name: string;
  /** False for a signer that nobody named as trusted: its signature is good, and says only what its owner is good for. */
  readonly trusted: boolean;
  readonly log: string;
  /** Size of the greatest checkpoint it signed. */
  readonly size: number;
  /** How many checkpoints it signed. */
  readonly checkpoints: number;
  /** Time of the signature over the greatest one, ISO 8601, by the signer's clock; null for a log's own key. */
  readonly at: string | null;
}

export interface Report {
  /** Version of this form: fields are added without a new one, and never change their meaning. */
  readonly version: 1;
  /** True when there is no finding: nothing that was checked is wrong. */
  readonly good: boolean;
  /** Directory or bucket. */
  readonly source: string;
  readonly logs: readonly VerifiedLog[];
  readonly vouching: readonly Vouching[];
  readonly checked: readonly Checked[];
  readonly findings: readonly Finding[];
  readonly notChecked: readonly string[];
}

/** It cannot be checked at all: absent, unreadable, without a log, or asked for with a key that is none. */
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
  readonly #vouching = new Map<string, Vouching>();

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

  /** One more good signature of a signer; the one over the greatest checkpoint is shown. */
  vouches(signature: Omit<Vouching, 'checkpoints'>): void {
    const key = JSON.stringify([signature.kind, signature.name, signature.log]);
    const known = this.#vouching.get(key);
    const checkpoints = (known?.checkpoints ?? 0) + 1;
    this.#vouching.set(
      key,
      known !== undefined && known.size > signature.size ? { ...known, checkpoints } : { ...signature, checkpoints },
    );
  }

  report(source: string): Report {
    const more = [...this.#ofCode]
      .filter(([, seen]) => seen > LISTED)
      .map(([code, seen]) => ({ code, sentence: `${seen - LISTED} more findings of this kind.`, where: null }));
    return {
      version: 1,
      good: this.#findings.length === 0,
      source,
      logs: this.#logs,
      vouching: [...this.#vouching.values()],
      checked: [...this.#checked].map(([what, { count, provenBy }]) => ({ what, count, provenBy })),
      findings: [...this.#findings, ...more],
      notChecked: [...this.#notChecked],
    };
  }
}

/** Characters that move the cursor, hide or turn text: names in a log are other people's, and a terminal obeys them. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g; // eslint-disable-line no-control-regex -- control characters are what is looked for

const shown = (text: string): string =>
  text.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

const SIGNER = { log: "the log's key", witness: 'witness', 'time-stamp': 'time stamp' } as const;

/** The report as a person reads it: without what there was nothing of. */
export function reportText(report: Report): string {
  const lines: string[] = [];
  for (const { id, source, size, signed, witnessed, root, key } of report.logs) {
    const cosigned = witnessed === null ? '' : `, ${witnessed} under enough witnesses`;
    lines.push(`Log ${id}: ${size} events, ${signed} under a signature${cosigned}`);
    lines.push(`  from ${source}`, `  root ${root}`, `  key  ${key}`);
  }
  if (report.vouching.length > 0) lines.push('', 'Who vouches');
  for (const { kind, name, trusted, log, size, checkpoints, at } of report.vouching)
    lines.push(
      `  ${SIGNER[kind]} ${name}${trusted ? '' : ' (not one you named)'}: the first ${size} events of ${log}` +
        `${at === null ? '' : `, at ${at}`} (${checkpoints} ${checkpoints === 1 ? 'signature' : 'signatures'})`,
    );
  const looked = report.checked.filter(({ count }) => count > 0);
  if (looked.length > 0) lines.push('', 'Checked');
  for (const { what, count, provenBy } of looked) lines.push(`  ${count} ${what} (proven by ${provenBy})`);
  if (report.notChecked.length > 0) lines.push('', 'Not checked');
  for (const sentence of report.notChecked) lines.push(`  ${sentence}`);
  if (report.findings.length > 0) lines.push('', 'Findings');
  for (const { code, sentence, where } of report.findings)
    lines.push(`  ${code}: ${sentence}${where === null ? '' : ` [${where}]`}`);
  lines.push('', report.good ? 'Good: nothing that was checked is wrong.' : 'NOT GOOD: see the findings.');
  return `${lines.map(shown).join('\n')}\n`;
}

/** The report for programs: JSON in which no character acts on a terminal either. */
export const reportJson = (report: Report): string =>
  `${JSON.stringify(report, null, 2).replace(/[^\n\u0020-\u007e]/g, shown)}\n`;
