import { attackCatalog } from '../main/gate/corpus/testing/attack-corpus.ts';
import { trace } from '../main/gate/lineage/trace.ts';
import { understand } from '../main/gate/understand/postgres/understand.ts';

/**
 * What reading and tracing a statement costs before anything is decided: a short query, and one of the size a report
 * has, each new to the gate (its text was never seen) and known to it.
 */
const SETTINGS = { standardConformingStrings: true, clientEncoding: 'UTF8' } as const;
const ROUNDS = 2_000;

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
select r.city, to_char(r.month, 'YYYY-MM') as month, c.name, c.email, r.total,
       round(100 * (r.total - r.before) / nullif(r.before, 0), 1) as change,
       case when q.id is null then 'active' else 'quiet' end as state,
       (select string_agg(s.name, ', ' order by s.name) from staff s where s.boss = r.place) as team
  from ranked r join customers c on c.id = r.id left join quiet q on q.id = r.id
 where r.place <= 10 and r.total > (select avg(total) from monthly x where x.city = r.city)
union all
select 'all', to_char(month, 'YYYY-MM'), null, null, sum(total), null, 'sum', null from monthly group by month
 order by 1, 2, 5 desc limit`;

interface Measurement {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
}

async function measure(name: string, textOf: (round: number) => string): Promise<readonly Measurement[]> {
  const index = attackCatalog();
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    const { tree, facts } = await understand(textOf(round), SETTINGS);
    if (tree === undefined || facts.hazards.length > 0)
      throw new Error(`not understood: ${facts.hazards[0]?.sentence ?? ''}`);
    trace(tree, index);
    took.push((performance.now() - started) * 1000);
  }
  took.sort((a, b) => a - b);
  const at = (share: number): number => Math.round(took[Math.floor(took.length * share)] ?? 0);
  return [
    { metric: `${name}, median`, value: at(0.5), unit: 'µs' },
    { metric: `${name}, 99 of 100`, value: at(0.99), unit: 'µs' },
  ];
}

export const understandBench: {
  readonly name: string;
  run(): Promise<readonly Measurement[]>;
} = {
  name: 'understand and trace a statement',
  async run() {
    return [
      ...(await measure('short, new', (round) => `${SHORT} ${String(round)}`)),
      ...(await measure('short, known', () => SHORT + ' 1')),
      ...(await measure('report, new', (round) => `${REPORT} ${String(round)}`)),
      ...(await measure('report, known', () => `${REPORT} 10`)),
    ];
  },
};
