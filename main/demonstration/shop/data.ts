/**
 * The shop's rows, made by the server itself from a fixed seed: the same seed gives the same rows on every machine and
 * every run, because each value is a pure function of (seed, table, row number) and no random() or now() is asked.
 */
export interface ShopSize {
  readonly customers: number;
  readonly products: number;
  readonly orders: number;
  readonly events: number;
}

const list = (values: readonly string[]): string =>
  `(ARRAY[${values.map((v) => `'${v.replaceAll("'", "''")}'`).join(', ')}])`;

const FIRST_NAMES = [
  'Ada',
  'Noah',
  'Mira',
  'Leo',
  'Ines',
  'Tom',
  'Yuki',
  'Omar',
  'Clara',
  'Ivan',
  'Zoe',
  'Amir',
  'Lena',
  'Paulo',
  'Sofia',
  'Jonas',
  'Nadia',
  'Felix',
  'Aiko',
  'Hugo',
  'Marta',
  'Elias',
  'Priya',
  'Oscar',
  'Freya',
  'Diego',
  'Anja',
  'Samir',
  'Elin',
  'Marco',
  'Ruth',
  'Kofi',
];
const LAST_NAMES = [
  'Moreau',
  'Lindqvist',
  'Okafor',
  'Tanaka',
  'Silva',
  'Novak',
  'Fischer',
  'Rossi',
  'Haddad',
  'Kowalska',
  'Jensen',
  'Duarte',
  'Varga',
  'Iyer',
  'Baker',
  'Meyer',
  'Santos',
  'Nguyen',
  'Andersson',
  'Popescu',
  'Murphy',
  'Costa',
  'Weber',
  "O'Brien",
  'Petrov',
  'Garcia',
  'Larsen',
  'Dubois',
];
const CITIES = [
  'Lyon',
  'Oslo',
  'Porto',
  'Kyoto',
  'Graz',
  'Turin',
  'Ghent',
  'Malmö',
  'Cork',
  'Gdańsk',
  'Basel',
  'Leiden',
];
const STREETS = [
  'Mill Lane',
  'Station Road',
  'Rue Verte',
  'Hauptstrasse',
  'Via Roma',
  'Kirkegata',
  'Rua Nova',
  'Park Avenue',
];
const COUNTRIES = ['FR', 'NO', 'PT', 'JP', 'AT', 'IT', 'BE', 'SE', 'IE', 'PL', 'CH', 'NL'];
const CATEGORIES = ['kitchen', 'garden', 'books', 'audio', 'lighting', 'tools', 'textiles', 'toys'];
const ADJECTIVES = ['Quiet', 'Bright', 'Folding', 'Solid', 'Little', 'Northern', 'Round', 'Classic'];
const NOUNS = ['Lamp', 'Kettle', 'Chair', 'Radio', 'Notebook', 'Blanket', 'Planter', 'Hammer', 'Puzzle', 'Speaker'];

/** SQL statements that fill one database, in order. `seed` and `size` are numbers of ours, never text from outside. */
export function shopData(seed: number, size: ShopSize): readonly string[] {
  // h(part, i): 31 well-mixed bits from seed, a part's name and the row number.
  const h = (part: string, row = 'i'): string =>
    `(hashint8extended(${row}, hashtextextended('${part}', ${seed})) & 2147483647)`;
  const pick = (part: string, values: readonly string[], row = 'i'): string =>
    `${list(values)}[1 + (${h(part, row)} % ${values.length})::int]`;
  const day = (part: string, from: string, days: number): string =>
    `timestamptz '${from} 00:00:00+00' + (${h(part)} % ${days * 86_400}) * interval '1 second'`;
  const series = (n: number): string => `generate_series(1, ${n}::bigint) AS i`;
  return [
    `INSERT INTO customers
     SELECT i, n, lower(translate(replace(n, ' ', '.'), '''', '')) || i || '@' || ${pick('domain', ['mail.example', 'post.example', 'inbox.example'])},
       CASE WHEN ${h('nophone')} % 12 = 0 THEN NULL ELSE '+' || (30 + ${h('cc')} % 20) || ' ' || lpad((${h('p1')} % 1000)::text, 3, '0') || ' '
         || lpad((${h('p2')} % 1000)::text, 3, '0') || ' ' || lpad((${h('p3')} % 1000)::text, 3, '0') END,
       lpad((${h('n1')} % 1000000)::text, 6, '0') || '-' || lpad((${h('n2')} % 100000)::text, 5, '0'),
       date '1945-01-01' + (${h('birth')} % 21900)::int, ${pick('country', COUNTRIES)}, ${day('created', '2022-01-01', 1400)}
     FROM (SELECT i, ${pick('first', FIRST_NAMES)} || ' ' || ${pick('last', LAST_NAMES)} AS n FROM ${series(size.customers)}) p`,
    `INSERT INTO addresses
     SELECT i, i, (1 + ${h('house')} % 180) || ' ' || ${pick('street', STREETS)}, ${pick('city', CITIES)}, lpad((${h('zip')} % 100000)::text, 5, '0'), c.country
     FROM ${series(size.customers)} JOIN customers c ON c.id = i`,
    // Card numbers are built on a test prefix and get their Luhn digit, so that detectors and maskers meet real shapes.
    `INSERT INTO cards
     SELECT i, c.id, c.name, body || ((10 - luhn % 10) % 10), ${pick('brand', ['Visa', 'Mastercard'])}, date '2027-01-01' + (${h('exp')} % 1400)::int
     FROM (SELECT i, '411111' || lpad((${h('card')} % 1000000000)::text, 9, '0') AS body FROM ${series(Math.floor(size.customers * 0.8))}) b
       CROSS JOIN LATERAL (SELECT sum(CASE WHEN k % 2 = 1 THEN (2 * d) / 10 + (2 * d) % 10 ELSE d END)::int AS luhn
         FROM generate_series(1, 15) AS k, LATERAL (SELECT substr(body, k, 1)::int AS d) digit) l
       JOIN customers c ON c.id = i`,
    `INSERT INTO products
     SELECT i, 'SKU-' || lpad(i::text, 5, '0'), ${pick('adjective', ADJECTIVES)} || ' ' || ${pick('noun', NOUNS)}, ${pick('category', CATEGORIES)},
       (300 + ${h('price')} % 24700) / 100.0, CASE WHEN ${h('desc')} % 3 = 0 THEN NULL ELSE 'Made in ' || ${pick('made', CITIES)} || '.' END
     FROM ${series(size.products)}`,
    `INSERT INTO order_items
     SELECT o.i, p.id, 1 + (${h('quantity', '(o.i * 7 + k)')} % 4)::int, p.price
     FROM generate_series(1, ${size.orders}::bigint) AS o (i) CROSS JOIN generate_series(0, 1) AS k
       JOIN products p ON p.id = 1 + ((${h('product', 'o.i')} + k * 97) % ${size.products})::int
     WHERE k = 0 OR ${h('two', 'o.i')} % 2 = 0`,
    `INSERT INTO orders
     SELECT i, 1 + (${h('customer')} % ${size.customers})::int, ${pick('status', ['new', 'paid', 'shipped', 'delivered', 'delivered', 'delivered', 'returned'])},
       ${day('placed', '2023-01-01', 1390)}, t.total, CASE WHEN ${h('note')} % 9 = 0 THEN ${pick('words', ['gift wrap', 'leave at the door', 'call first', 'second attempt'])} END
     FROM ${series(size.orders)} JOIN (SELECT order_id, sum(quantity * unit_price) AS total FROM order_items GROUP BY 1) t ON t.order_id = i`,
    `INSERT INTO payments
     SELECT o.id, o.id, c.id, o.total, CASE WHEN c.id IS NULL THEN 'transfer' ELSE 'card' END,
       CASE o.status WHEN 'new' THEN 'pending' WHEN 'returned' THEN 'refunded' ELSE 'settled' END,
       CASE WHEN o.status <> 'new' THEN o.placed_at + (${h('delay', 'o.id::bigint')} % 7200) * interval '1 second' END
     FROM orders o LEFT JOIN cards c ON c.customer_id = o.customer_id`,
    `INSERT INTO events
     SELECT i, 1 + (${h('who')} % ${size.customers})::int, ${pick('kind', ['view', 'search', 'basket', 'checkout', 'login'])}, ${day('when', '2026-01-01', 300)},
       jsonb_build_object('page', '/p/' || (${h('page')} % ${size.products}), 'ms', ${h('ms')} % 900, 'device', ${pick('device', ['phone', 'desktop', 'tablet'])})
     FROM ${series(size.events)}`,
  ];
}
