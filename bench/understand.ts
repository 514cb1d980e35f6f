import { loadModule, parseSync } from 'libpg-query';
import { attackCatalog } from '../main/gate/corpus/testing/attack-corpus.ts';
import { decide, type DecideInput } from '../main/gate/decide.ts';
import { type CatalogIndex } from '../main/gate/lineage/catalog-index.ts';
import { trace } from '../main/gate/lineage/trace.ts';
import { understand } from '../main/gate/understand/postgres/understand.ts';
import { classifiedColumns, readClassification } from '../main/policy/classification.ts';
import { compilePolicy } from '../main/policy/compile.ts';
import { prepareRuntime } from '../main/runtime.ts';
import { type Bench, median, type Measurement } from './bench.ts';

/**
 * What it costs to read a statement, trace it and decide on it: a short query, one of the size that a report has, and one
 * as long as the longest that is judged; each new to the gate (its text was never seen) and known to it. In turns with
 * what the bare parser takes for the same text.
 */
const SETTINGS = { standardConformingStrings: true, clientEncoding: 'UTF8' } as const;
const ROUNDS = 2_000;
const LONG_ROUNDS = 20;
/** Milliseconds for a short statement that is known. */
const KNOWN = 0.1;

const SHORT = 'select id, name, ssn from customers where id =';

const REPORT = `
with monthly as (
  select c.id, c.city, date_trunc('month', o.placed) as month, sum(o.amount) as total, count(*) as orders
    from customers c join orders o on o.customer_id = c.id
   where o.status in ('paid', 'sent') and o.placed >= date '2024-01-01' group by 1, 2, 3
), ranked as (
  select m.*, rank() over (partition by m.city, m.month order by m.total desc) as place,
         lag(m.total) over (partition by m.id order by m.month) as before
    from monthly m
), quiet as (
  select v.id, v.name from v_safe v
   where not exists (select 1 from orders o where o.customer_id = v.id and o.placed > date '2025-06-01')
)
select r.city, to_char(r.month, 'YYYY-MM') as month, c.name, r.total,
       round(100 * (r.total - r.before) / nullif(r.before, 0), 1) as change,
       case when q.id is null then 'active' else 'quiet' end as state,
       (select string_agg(s.name, ', ' order by s.name) from staff s where s.boss = r.place) as team
  from ranked r join customers c on c.id = r.id left join quiet q on q.id = r.id
 where r.place <= 10 and r.total > (select avg(total) from monthly x where x.city = r.city)
union all
select 'all', to_char(month, 'YYYY-MM'), null, sum(total), null, 'sum', null from monthly group by month
 order by 1, 2, 5 desc limit`;

const LONG = `select id, name, ssn from customers where id in (${Array.from({ length: 125_000 }, (_, at) => String(1_000_000 + at)).join(',')}) or id =`;

/** Some rules and classes, as a small organisation has them. */
function policyInput(): Omit<DecideInput, 'facts' | 'lineage'> {
  const read = readClassification(
    `version: 1
classes:
  email: { group: pii, masker: email, title: e-mail address }
  ssn: { group: pii, masker: redact, title: social security number }
columns:
  - classes: { public.customers.email: email, public.customers.ssn: ssn }
`,
    [],
  );
  if (!read.ok) throw new Error('the classification is wrong');
  const { classification } = read;
  const compiled = compilePolicy(
    `version: 1
groups: { analysts: [analysts] }
rules:
  - { id: analysts-read, allow: read, to: group:analysts }
  - { id: pii-masked, require: { mask: { pii: partial } } }
  - { id: limits, require: { limits: { rows: 50000 } } }
  - { id: payments-closed, deny: select, in: { table: payments }, text: ask finance }
`,
    {
      classes: [...classification.classes.values()].map((entry) => ({ name: entry.class, group: entry.group })),
      connections: [],
    },
  );
  if (!compiled.ok) throw new Error('the policy is wrong');
  return {
    principal: {
      issuer: 'https://login.example.com',
      subject: '1',
      name: 'Ana',
      groups: ['analysts'],
      verified: true,
      authenticatedAt: '2026-03-02T08:00:00Z',
    },
    connection: {
      name: 'bench',
      title: 'Bench',
      engine: 'postgres',
      environment: 'production',
      host: '127.0.0.1',
      port: 5432,
      database: 'shop',
      user: 'gate',
      tls: 'disable',
      searchPath: ['public'],
    },
    policy: compiled.policy,
    classification: classifiedColumns(classification, 'bench', undefined),
    now: new Date(),
    grants: [],
  };
}

async function measure(
  name: string,
  textOf: (round: number) => string,
  index: CatalogIndex,
  { rounds = ROUNDS, goal }: { readonly rounds?: number; readonly goal?: number } = {},
): Promise<readonly Measurement[]> {
  const input = policyInput();
  const took: number[] = [];
  const parsed: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const text = textOf(round);
    const before = performance.now();
    parseSync(text);
    const started = performance.now();
    const { tree, facts } = await understand(text, SETTINGS);
    if (tree === undefined || facts.hazards.length > 0)
      throw new Error(`not understood: ${facts.hazards[0]?.sentence ?? ''}`);
    const lineage = trace(tree, index);
    const verdict = decide({ ...input, facts: { ...facts, relations: lineage.relations }, lineage });
    took.push(performance.now() - started);
    parsed.push(started - before);
    if (verdict.verdict !== 'allow') throw new Error(`${name} is refused: ${verdict.reasons[0]?.sentence ?? ''}`);
  }
  const late = (list: readonly number[]): number =>
    list.toSorted((a, b) => a - b)[Math.floor(list.length * 0.99)] ?? Number.NaN;
  return [
    { metric: `${name} / bare parse, p50`, value: median(took) / median(parsed), unit: 'x' },
    { metric: `${name}, p50`, value: median(took), unit: 'ms', ...(goal === undefined ? {} : { goal }) },
    { metric: `${name}, p99`, value: late(took), unit: 'ms' },
    { metric: `${name}, bare parse, p50`, value: median(parsed), unit: 'ms' },
    { metric: `${name}, bare parse, p99`, value: late(parsed), unit: 'ms' },
  ];
}

export const understandBench: Bench = {
  name: 'understand',
  async run() {
    prepareRuntime();
    await loadModule();
    const index = attackCatalog();
    return [
      ...(await measure('short, new', (round) => `${SHORT} ${String(round)}`, index)),
      ...(await measure('short, known', () => `${SHORT} 1`, index, { goal: KNOWN })),
      ...(await measure('report, new', (round) => `${REPORT} ${String(round)}`, index)),
      ...(await measure('report, known', () => `${REPORT} 10`, index)),
      ...(await measure('1 MB, new', (round) => `${LONG} ${String(round)}`, index, { rounds: LONG_ROUNDS })),
    ];
  },
};
