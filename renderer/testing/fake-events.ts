import { type ActivityEventView, type ActivityRowView } from '../../shared/views.ts';

/** One made-up event with everything behind it; the same number is always the same event. */
export interface FakeEvent {
  readonly row: ActivityRowView;
  readonly tables: readonly string[];
  readonly columns: ActivityEventView['columns'];
  /** Made when it is looked at: fifty thousand proofs are megabytes. */
  readonly detail: () => Omit<ActivityEventView, 'related'>;
}

const LOG = '0193b1c4-7a52-7e08-9f7e-4c2a51d3b860';
const ISSUER = 'https://id.harbor.example';

const people = [
  ['ana', 'Ana Ruiz'],
  ['eli', 'Eli Brandt'],
  ['sam', 'Sam Okafor'],
  ['dev', 'Dev Patel'],
  ['ada', 'Ada Moreau'],
  // A name as somebody who means harm would choose it: markup, an override of the direction, a space without width.
  ['mal', '<b>Ro\u202Eot\u200B</b>'],
] as const;

const places = [
  ['shop-production', 'production'],
  ['shop-staging', 'staging'],
  ['sandbox', 'development'],
  ['billing-production', 'production'],
] as const;

interface Statement {
  readonly title: string;
  readonly text: string;
  readonly tables: readonly string[];
  readonly columns: readonly (readonly [name: string, place: string, kind: string | null])[];
  readonly write?: boolean;
}

const statements: readonly Statement[] = [
  {
    title: 'read public.customers, public.orders',
    text: 'SELECT c.name, c.email, o.total, o.created_at\nFROM customers c\nJOIN orders o ON o.customer_id = c.id\nWHERE o.created_at >= $1\n  AND o.status = $2\nORDER BY o.created_at DESC\nLIMIT $3',
    tables: ['public.customers', 'public.orders'],
    columns: [
      ['public.customers.name', 'output', 'person-name'],
      ['public.customers.email', 'output', 'email'],
      ['public.customers.id', 'join', null],
      ['public.orders.customer_id', 'join', null],
      ['public.orders.total', 'output', null],
      ['public.orders.created_at', 'output, filter, order', null],
      ['public.orders.status', 'filter', null],
    ],
  },
  {
    title: 'read public.orders',
    text: 'SELECT status, count(*) AS orders, sum(total)\nFROM orders\nGROUP BY status',
    tables: ['public.orders'],
    columns: [
      ['public.orders.status', 'output, group', null],
      ['public.orders.total', 'aggregate', null],
    ],
  },
  {
    title: 'read public.payments',
    text: 'SELECT id, order_id, card, amount FROM payments WHERE amount > $1',
    tables: ['public.payments'],
    columns: [
      ['public.payments.card', 'output', 'card'],
      ['public.payments.amount', 'output, filter', null],
    ],
  },
  {
    title: 'update public.orders',
    text: 'UPDATE orders SET status = $1 WHERE id = $2',
    tables: ['public.orders'],
    columns: [['public.orders.status', 'write', null]],
    write: true,
  },
  {
    title: 'read public.products',
    text: 'SELECT id, title, price FROM products WHERE title ILIKE $1 ORDER BY price',
    tables: ['public.products'],
    columns: [['public.products.title', 'output, filter', null]],
  },
  {
    title: 'delete public.customers',
    text: 'DELETE FROM customers WHERE last_seen < $1',
    tables: ['public.customers'],
    columns: [['public.customers.last_seen', 'filter', null]],
    write: true,
  },
  {
    title: 'read public.customers',
    text: 'SELECT * FROM customers WHERE country = $1 -- \u202Enoisrev tsal',
    tables: ['public.customers'],
    columns: [
      ['public.customers.name', 'output', 'person-name'],
      ['public.customers.email', 'output', 'email'],
      ['public.customers.phone', 'output', 'phone'],
      ['public.customers.country', 'output, filter', null],
    ],
  },
];

const others = [
  ['session.start', 'Session began', 'desktop, signed in with hardware key'],
  ['conn.open', 'Connected', 'as app_read, server process 4121'],
  ['auth.ok', 'Signed in', 'id.harbor.example, hardware key'],
  ['export.intent', 'Export', 'csv to a file, 4,120 rows of statement 18,112'],
  ['policy.load', 'Policy loaded', '34 rules, version 2026-11-20'],
  ['auth.failed', 'Sign-in failed', 'id.harbor.example: the answer was too old'],
  ['review.done', 'Record looked at', 'search: verdict refuse, last 7 days'],
] as const;

/** The same number again is the same number: a small hash instead of chance (Wellons' lowbias32). */
function mix(n: number): number {
  let x = (n + 0x9e3779b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

const hex = (seed: number, length: number): string =>
  Array.from({ length: Math.ceil(length / 8) }, (_, at) =>
    mix(seed * 31 + at)
      .toString(16)
      .padStart(8, '0'),
  )
    .join('')
    .slice(0, length);

const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

/** @param at ms since 1970 UTC. */
export function fakeEvent(index: number, at: number): FakeEvent {
  const chance = mix(index);
  const statement = chance % 9 === 0 ? null : pick(statements, chance >>> 5);
  const person = pick(people, (chance >>> 9) % 7);
  const place = pick(places, (chance >>> 13) % 5);
  const agent = chance % 6 === 1 ? 'claude-code' : null;
  return statement === null
    ? otherEvent(index, at, chance, person)
    : statementEvent(index, at, chance, statement, person, place, agent);
}

type Person = (typeof people)[number];
type Place = (typeof places)[number];

const proofOf = (index: number): ActivityEventView['proof'] => {
  const covered = index % 50_000 < 49_990;
  return {
    leafHash: hex(index, 64),
    checkpoint: covered
      ? {
          size: 50_000,
          root: hex(7, 64),
          note: `${LOG}\n50000\nZm9v\n\n\u2014 this-computer Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n`,
        }
      : null,
    path: covered ? Array.from({ length: 16 }, (_, n) => hex(index + n, 64)) : [],
    holds: covered && index % 997 !== 5,
    uploaded: covered,
    witnesses: covered ? ['witness.harbor.example', 'witness.partner.example'] : [],
    file: covered ? `c2sp.org/tlog-proof@v1\nindex ${String(index)}\n` : null,
  };
};

function statementEvent(
  index: number,
  at: number,
  chance: number,
  statement: Statement,
  [subject, name]: Person,
  [connection, environment]: Place,
  agent: string | null,
): FakeEvent {
  const refused = (statement.write === true && environment === 'production') || chance % 41 === 3;
  const asks = !refused && statement.write === true && environment === 'staging' && chance % 3 === 0;
  const verdict = refused ? 'refuse' : asks ? 'ask' : 'allow';
  const end = chance % 29;
  const lost = chance % 1501 === 7;
  const status =
    verdict !== 'allow' ? null : end === 4 ? 'failed' : end === 5 ? 'cancelled' : lost ? 'unknown' : 'done';
  const done = status === 'done';
  const classes = [...new Set(statement.columns.flatMap(([, , kind]) => (kind === null ? [] : [kind])))];
  const rows = done && statement.write !== true ? mix(chance) % 12_000 : null;
  const summary = statement.text.replace(/\s+/g, ' ');
  const row: ActivityRowView = {
    log: LOG,
    index,
    kind: verdict === 'refuse' ? 'stmt.denied' : 'stmt.intent',
    at,
    person: `${ISSUER} ${subject}`,
    personName: name,
    agent,
    connection,
    environment,
    title: statement.title,
    summary,
    verdict,
    status,
    rows,
    changed: done && statement.write === true ? 1 + (chance % 4) : null,
    milliseconds: status === null ? null : 2 + (mix(chance + 1) % 900),
    maskedCells: rows === null || classes.length === 0 ? 0 : rows * classes.length,
    classes,
  };
  const columns = statement.columns.map(([column, where, kind]) => ({ name: column, place: where, class: kind }));
  const erased = index % 23 === 7;
  const hidden = !erased && index % 23 === 9;
  return {
    row,
    tables: statement.tables,
    columns,
    detail: () => ({
      event: row,
      leaf: leafOf(row),
      decision: {
        policy: hex(99, 64),
        rules: refused ? ['production-is-read-only'] : ['analysts-read-shop', 'mask-personal-data'],
        obligations: refused ? [] : ['mask email: the first letter', 'at most 10,000 rows', 'at most 30 s'],
        reasons: refused
          ? ['The statement changes rows, and production is read-only until a colleague approves the change.']
          : [],
        approvals: done && statement.write === true ? [Math.max(0, index - 3)] : [],
      },
      objects: statement.tables.map((table) => ({
        name: table,
        access: statement.write === true ? 'write' : 'read',
        via: table === 'public.orders' ? 'view public.recent_orders' : null,
      })),
      columns,
      text: erased || hidden ? null : statement.text,
      params: erased || hidden || !statement.text.includes('$1') ? null : "$1 = '2026-11-01'\n$2 = 'paid'\n$3 = 500",
      textHidden: erased
        ? 'The text was erased on 14 Nov 2026 by Mia Okafor: request of a customer, ticket DPO-118. Its hash is still in the leaf.'
        : hidden
          ? 'The text of what somebody else ran is for the group data-protection.'
          : null,
      textState: erased ? 'erased' : hidden ? 'hidden' : undefined,
      proof: proofOf(index),
    }),
  };
}

function otherEvent(index: number, at: number, chance: number, [subject, name]: Person): FakeEvent {
  const [kind, title, summary] = pick(others, chance >>> 4);
  const row: ActivityRowView = {
    log: LOG,
    index,
    kind,
    at,
    person: kind === 'policy.load' ? null : `${ISSUER} ${subject}`,
    personName: kind === 'policy.load' ? null : name,
    agent: null,
    connection: kind === 'conn.open' ? 'shop-production' : null,
    environment: kind === 'conn.open' ? 'production' : null,
    title,
    summary,
    verdict: null,
    status: null,
    rows: null,
    changed: null,
    milliseconds: null,
    maskedCells: null,
    classes: [],
  };
  const nothing = { decision: null, objects: [], columns: [], text: null, params: null, textHidden: null };
  return {
    row,
    tables: [],
    columns: [],
    detail: () => ({ event: row, leaf: leafOf(row), ...nothing, proof: proofOf(index) }),
  };
}

const leafOf = (row: ActivityRowView): string =>
  JSON.stringify({
    v: 1,
    id: `0193b1c5-${hex(row.index, 4)}-7e08-9f7e-${hex(row.index + 1, 12)}`,
    k: row.kind,
    t: row.at * 1000,
    s: hex(row.index >> 6, 16),
    n: row.index % 64,
    actor: { user: { iss: ISSUER, sub: row.person?.split(' ')[1] ?? null, name: row.personName, verified: true } },
    db: { id: row.connection, env: row.environment, engine: 'postgresql', host: '10.0.4.12', port: 5432 },
    op: { class: 'read', title: row.title, norm: row.summary, fingerprint: hex(row.index, 16) },
  });
