/**
 * The words of an explained verdict: what `countersign explain` prints and what the window shows are made here, from the
 * same view, so that both say the same (G15).
 */
import { type SpanView, type VerdictView } from './views.ts';

export interface ExplainLine {
  readonly text: string;
  /** What is said besides: what to do next, which mask. */
  readonly note: string | null;
  /** The part of the statement that it is about. */
  readonly span: SpanView | null;
  readonly meaning: 'plain' | 'masked' | 'refused';
}

export interface ExplainSection {
  readonly title: string;
  readonly lines: readonly ExplainLine[];
}

export const VERDICT_WORDS: Readonly<Record<VerdictView['verdict'], string>> = {
  allow: 'Allowed',
  refuse: 'Refused',
  ask: 'Needs approval',
};

/** Where a column is used, as it stands behind its name: `public.customers.email in a condition`. */
export const PLACE_WORDS = {
  output: 'in an output',
  predicate: 'in a condition',
  'join-key': 'as a join key',
  grouping: 'in GROUP BY',
  ordering: 'in ORDER BY',
  distinct: 'in DISTINCT',
  window: 'in a window',
  argument: 'in an expression',
  limit: 'in LIMIT or OFFSET',
  assignment: 'as the source of a write',
  returning: 'in RETURNING',
  lock: 'in a locking clause',
  measure: 'by EXPLAIN ANALYZE',
  constraint: 'by a constraint that the write is held against',
  'whole-row': 'as part of a whole row',
} as const;

/** What a statement does, for somebody who does not know the codes. */
export const EFFECT_WORDS: Readonly<Record<string, string>> = {
  reads: 'reads rows',
  writes: 'changes rows',
  ddl: 'changes the structure of the database',
  code: 'changes code that others run, or names by which things are known',
  session: 'changes the session',
  lock: 'takes locks',
  transaction: 'begins or ends transactions',
  network: 'reaches other servers',
  file: 'reads or writes files of the server',
  signal: 'signals other sessions',
  'runs-sql': 'runs a text as SQL',
  'random-or-time': 'depends on chance or on the time',
};

/** Places where a column decides which rows come out, or in which order: what the outputs tell of it without showing it. */
const INFLUENCE: ReadonlySet<string> = new Set([
  'predicate',
  'join-key',
  'grouping',
  'ordering',
  'distinct',
  'window',
  'limit',
]);

const placeWords = (place: string): string =>
  Object.hasOwn(PLACE_WORDS, place) ? PLACE_WORDS[place as keyof typeof PLACE_WORDS] : `as ${place}`;

/** Everything that made a verdict, the reasons first. Sections without a line are left out. */
export function explainSections(view: VerdictView): readonly ExplainSection[] {
  const sections: readonly ExplainSection[] = [
    { title: 'Why', lines: view.reasons.map(reasonLine) },
    { title: 'Effects', lines: view.effects.map((effect) => plain(EFFECT_WORDS[effect] ?? effect)) },
    { title: 'Relations', lines: view.objects.map(relationLine) },
    { title: 'Columns, and where they are used', lines: columnLines(view) },
    { title: 'Functions', lines: named(view.functions) },
    { title: 'Operators', lines: named(view.operators) },
    { title: 'Casts', lines: named(view.casts) },
    { title: 'Types', lines: named(view.types) },
    { title: 'Outputs', lines: outputLines(view) },
    { title: 'Which rows come out, and how, depends on', lines: influenceLines(view) },
    { title: 'Permitted uses', lines: view.permitted.map(permittedLine) },
    { title: 'Rules', lines: view.rules.map(({ id, effect, text }) => plain(`${effect} ${id}`, text)) },
    { title: 'Limits', lines: [...limitLines(view), ...orderLines(view)] },
    { title: 'Grants it relies on', lines: view.grants.map(grantLine) },
    { title: 'Leaving the screen', lines: leavingLines(view) },
    { title: 'Who may approve', lines: view.approvers.map((approver) => plain(approver)) },
    { title: 'Second lineage', lines: view.secondLineage === null ? [] : [plain(view.secondLineage.sentence)] },
    { title: 'Not listed', lines: view.cut ? [plain('The statement names more than is listed here.')] : [] },
  ];
  return sections.filter(({ lines }) => lines.length > 0);
}

const plain = (text: string, note: string | null = null, span: SpanView | null = null): ExplainLine => ({
  text,
  note,
  span,
  meaning: 'plain',
});

const reasonLine = ({ code, sentence, next, span }: VerdictView['reasons'][number]): ExplainLine => ({
  text: `${sentence} [${code}]`,
  note: next,
  span,
  meaning: 'refused',
});

const relationLine = ({ name, access, via }: VerdictView['objects'][number]): ExplainLine =>
  plain(`${access === 'read' ? 'reads' : 'changes'} ${name}${via === null ? '' : ` through ${via}`}`);

/** To the minute: a grant is taken for minutes. */
const grantLine = ({ name, until }: VerdictView['grants'][number]): ExplainLine =>
  plain(`${name}, until ${until.slice(0, 16).replace('T', ' ')} UTC`);

/** What stands in the way of rows that leave, and what stands beside them. */
function leavingLines({ leaving: { sentence }, watermark }: VerdictView): readonly ExplainLine[] {
  return [
    ...(sentence === null ? [] : [plain(sentence)]),
    ...(watermark === null ? [] : [plain('Beside each row stands who has seen it', watermark)]),
  ];
}

function columnLines({ columns }: VerdictView): readonly ExplainLine[] {
  const lines = columns.map(({ column, place, span }) => plain(`${column} ${placeWords(place)}`, null, span));
  return unique(lines);
}

/** Each name once, with the place where it stands first and how often it stands. */
function named(uses: VerdictView['functions']): readonly ExplainLine[] {
  const times = new Map<string, number>();
  for (const { name } of uses) times.set(name, (times.get(name) ?? 0) + 1);
  const lines = uses.map(({ name, span }) => {
    const count = times.get(name) ?? 1;
    return plain(count > 1 ? `${name}, ${count.toLocaleString('en')} times` : name, null, span);
  });
  return unique(lines);
}

function unique(lines: readonly ExplainLine[]): readonly ExplainLine[] {
  const seen = new Set<string>();
  return lines.filter(({ text }) => !seen.has(text) && seen.add(text));
}

const MADE: Readonly<Record<VerdictView['outputs'][number]['made'], string>> = {
  plain: '',
  whole: 'made of ',
  bounded: 'what a permit lets show of ',
  computed: 'computed from ',
};

function outputLines({ outputs, masks }: VerdictView): readonly ExplainLine[] {
  const maskOf = new Map(masks.map((mask) => [mask.output, mask]));
  return outputs.map(({ name, from, made, span }, index): ExplainLine => {
    const mask = maskOf.get(index);
    const origin = from.length === 0 ? ', of no column' : ` = ${MADE[made]}${from.join(', ')}`;
    return {
      text: `${String(index + 1)} ${name}${origin}`,
      note: mask?.sentence ?? null,
      span,
      meaning: mask === undefined ? 'plain' : 'masked',
    };
  });
}

function influenceLines({ columns, outputs }: VerdictView): readonly ExplainLine[] {
  if (outputs.length === 0) return [];
  const influence = columns.filter(({ place }) => INFLUENCE.has(place));
  return unique(influence.map(({ column, span }) => plain(column, null, span)));
}

const permittedLine = ({ form, columns, permits }: VerdictView['permitted'][number]): ExplainLine =>
  plain(`${form} of ${columns.join(', ')}`, `by ${permits.join(' and ')}`);

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** In the largest unit that it is a whole number of: a limit is said as it was written. */
export function byteWords(bytes: number): string {
  let [count, unit] = [bytes, 0];
  while (count > 0 && count % 1024 === 0 && unit < UNITS.length - 1) [count, unit] = [count / 1024, unit + 1];
  return `${count.toLocaleString('en')} ${UNITS[unit] ?? 'bytes'}`;
}

const orderLines = ({ unordered }: VerdictView): readonly ExplainLine[] =>
  unordered ? [plain('rows are read without indexes that would give them in the order of a masked column')] : [];

function limitLines({ limits, groupSize }: VerdictView): readonly ExplainLine[] {
  const groups =
    groupSize === null
      ? []
      : [plain(`every group has at least ${groupSize.toLocaleString('en')} rows, or nothing comes out`)];
  if (limits === null) return groups;
  const { rows, bytes, statementTimeout } = limits;
  return [
    plain(`at most ${rows.toLocaleString('en')} rows`),
    plain(`at most ${byteWords(bytes)}`),
    plain(`at most ${(statementTimeout / 1000).toLocaleString('en')} s`),
    ...groups,
  ];
}
