import { type Obligations, type RequiredApproval, type RuleReference } from '../answer.ts';
import { approvalWords } from '../words.ts';

/** One thing that an allowed statement is bound by: in two words for a table, and in a sentence with the rule. */
export interface ObligationWords {
  readonly short: string;
  readonly long: string;
}

type Said = {
  readonly [K in keyof Required<Obligations>]: (value: NonNullable<Obligations[K]>) => readonly ObligationWords[];
};

/** Every kind of obligation: one that is missing here is missing nowhere else in the tools. */
const WORDS: Said = {
  approvals: (approvals) =>
    approvals.map((approval) => ({
      short: `approval of ${shortApproval(approval)}`,
      long: `needs the approval of ${approvalWords(approval)} (${by(approval.rule)})`,
    })),
  masks: (masks) => {
    if (masks.size === 0) return [];
    const long = [...masks].map(
      ([name, { strength, rule, liftedBy }]) =>
        `masks ${everything(name)} (${strength}, ${by(rule)}${liftedBy.length === 0 ? '' : `; the grant ${liftedBy.join(' or ')} lifts it`})`,
    );
    const names = [...masks.keys()].map(everything);
    return [{ short: `masks ${names.join(', ')}`, long: long.join('; ') }];
  },
  rows: ({ value, rule }) => bound(`${count(value)} rows`, `at most ${count(value)} rows`, rule),
  bytes: ({ value, rule }) => bound(size(value), `at most ${size(value)}`, rule),
  rowsPerHour: ({ value, rule }) =>
    bound(`${count(value)} rows an hour`, `at most ${count(value)} rows in any hour`, rule),
  milliseconds: ({ value, rule }) => bound(`${seconds(value)}`, `at most ${seconds(value)}`, rule),
  reason: (rule) => bound('a reason', 'needs a reason', rule),
  stepUp: ({ minutes, rule }) =>
    bound('step-up', `needs a proof of who they are that is at most ${count(minutes)} minutes old`, rule),
  record: ({ level, rule }) => bound(`record ${level}`, `waits until its record is ${level}`, rule),
  noExport: (rule) => bound('no export', 'rows may not leave the screen', rule),
  watermark: (rule) => bound('watermark', 'who saw it stands on the result', rule),
};

/** What obligations come to, in a fixed order. */
export function obligationWords(obligations: Obligations): readonly ObligationWords[] {
  return (Object.keys(WORDS) as (keyof Obligations)[]).flatMap((key) => wordsOf(key, obligations));
}

function wordsOf<K extends keyof Obligations>(key: K, obligations: Obligations): readonly ObligationWords[] {
  const value = obligations[key];
  return value === undefined ? [] : WORDS[key](value);
}

const bound = (short: string, long: string, rule: RuleReference): readonly ObligationWords[] => [
  { short, long: `${long} (${by(rule)})` },
];

const by = ({ id }: RuleReference): string => `rule ${id}`;
const everything = (name: string): string => (name === '*' ? 'everything classified' : name);

function shortApproval({ from, within, count: people }: RequiredApproval): string {
  const who = `${from.join(' or ')}${within === undefined ? '' : ` within ${within}`}`;
  return people === 1 ? who : `${String(people)} of ${who}`;
}

/** With commas, whatever the machine's language: texts are compared. */
export const count = (value: number): string => value.toLocaleString('en-US');

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

function size(bytes: number): string {
  let [value, name]: readonly [number, string] = [bytes, 'bytes'];
  for (const unit of UNITS) {
    if (value % 1024 !== 0 || value === 0) break;
    [value, name] = [value / 1024, unit];
  }
  return `${count(value)} ${name}`;
}

const seconds = (milliseconds: number): string => `${count(milliseconds / 1000)} seconds`;
