import { numbers } from './random-queries.ts';

/** Random statements over the database of permits, near the shapes that permits allow; one seed gives the same for ever. */
export function* randomPermitQueries(seed: number): Generator<string> {
  const random = numbers(seed);
  const one = <T>(list: readonly [T, ...T[]]): T => list[Math.floor(random() * list.length)] ?? list[0];
  const several = (list: readonly [string, ...string[]], most: number): readonly string[] =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => one(list));
  const clause = (word: string, chance: number, parts: () => readonly string[], between = ', '): string =>
    random() < chance ? ` ${word} ${parts().join(between)}` : '';
  for (;;) {
    const [from, conditions] = one(SOURCES);
    const columns = from.includes(' p') ? QUALIFIED : BARE;
    const keys = several(columns, 2);
    const grouped = random() < 0.6;
    const targets = several(grouped ? [...AGGREGATES, ...keys] : [...columns, ...OUTPUTS], 3);
    const distinct = random() < 0.05 ? 'distinct ' : '';
    const where = clause(
      'where',
      0.4,
      () => several([...conditions, ...CONDITIONS], 2),
      one([' and ', ' and ', ' or ']),
    );
    const group = grouped
      ? clause('group by', 0.8, () => [one(['', '', '', 'rollup ']) + `(${keys.join('), (')})`])
      : '';
    const order = clause('order by', 0.7, () =>
      one([targets.map((_, at) => String(at + 1)), [...keys, 'count(*)'], several(['1', '2', 'count(*)', ...keys], 3)]),
    );
    const limit = clause('limit', 0.1, () => [one(['1', '3', '500'])]);
    const sql = `select ${distinct}${targets.join(', ')} from ${from}${where}${group}${order}${limit}`;
    yield random() < 0.1 ? `select * from (${sql}) q` : sql;
  }
}

type Words = readonly [string, ...string[]];

const BARE: Words = ['id', 'city', 'ssn', 'code', 'pay'];
const QUALIFIED: Words = ['p.id', 'c.id', 'p.ssn', 'c.ssn', 'c.note'];
const OUTPUTS: Words = [
  'code is null',
  'count(code)',
  'count(*)',
  'count(distinct ssn)',
  "ssn = 's-001-01'",
  'upper(ssn)',
  '1',
];
const AGGREGATES: Words = [
  'count(*)',
  'count(*)',
  'count(*) as n',
  'count(code)',
  'avg(pay)',
  'sum(bonus)',
  'sum(pay) as total',
  'count(distinct ssn)',
  'min(id)',
  'array_agg(id)',
  'max(pay)',
];
const CONDITIONS: Words = [
  "ssn = 'x'",
  "ssn in ('x')",
  "code = 'x'",
  'code is null',
  'ssn is not null',
  "city = 'Oslo'",
  'id < 50',
  'true',
];
const JOINED: Words = ['p.ssn = c.ssn', "p.ssn = 'x'", "c.ssn = 'x'", 'p.id < 9', 'c.note is not null'];
const SOURCES: readonly [readonly [string, Words], ...(readonly [string, Words])[]] = [
  ['panel', CONDITIONS],
  ['panel', CONDITIONS],
  ['claims', CONDITIONS],
  ['v_panel', CONDITIONS],
  ['v_reviewed', CONDITIONS],
  ['panel p, claims c', JOINED],
  ['panel p join claims c on p.ssn = c.ssn', JOINED],
  ['panel p left join claims c on p.ssn = c.ssn and c.id < 30', JOINED],
  ['panel p join panel c on p.ssn = c.ssn and p.id = c.id', JOINED],
  ['panel p join shelf c on p.ssn = c.ssn', JOINED],
];
