import {
  type AppInfo,
  type ColumnView,
  type ConnectionView,
  type PersonView,
  type RelationView,
} from '../../shared/views.ts';

/** A made-up organisation: people, connections, a catalog, and cells that follow from their row. */

export const ana: PersonView = {
  name: 'Ana Ruiz',
  email: 'ana@harbor.example',
  groups: ['analysts'],
  verified: true,
  issuer: 'https://id.harbor.example',
  expiresAt: new Date(Date.now() + 6 * 3_600_000).toISOString(),
  steppedUpAt: null,
};
export const account: PersonView = {
  ...ana,
  name: 'ana',
  email: null,
  groups: [],
  verified: false,
  issuer: 'this computer',
};

export const people: AppInfo['people'] = [
  {
    name: 'Ana Ruiz',
    email: 'ana@harbor.example',
    password: 'harbor-ana',
    role: 'Analyst: reads, sees personal data masked',
  },
  { name: 'Dev Patel', email: 'dev@harbor.example', password: 'harbor-dev', role: 'Developer: writes on staging' },
  {
    name: 'Mia Okafor',
    email: 'mia@harbor.example',
    password: 'harbor-mia',
    role: 'Data protection: approves, sees everything',
  },
];

const connection = (
  name: string,
  title: string,
  environment: ConnectionView['environment'],
  change: Partial<ConnectionView> = {},
): ConnectionView => ({
  name,
  title,
  environment,
  engine: 'postgres',
  database: name,
  team: 'Shop',
  access: 'read-only',
  strength: 'brokered',
  state: 'closed',
  weaknesses: null,
  secondLineage: null,
  ...change,
});
export const connections: readonly ConnectionView[] = [
  connection('sandbox', 'sandbox', 'development', { access: 'read-write' }),
  connection('shop-staging', 'shop', 'staging', {
    access: 'read-write',
    state: 'open',
    strength: 'advisory',
    weaknesses: [
      {
        code: 'owns-relations',
        severity: 'shown',
        accepted: false,
        sentence:
          'The role shop_staging owns 11 tables and views (addresses, cards, customers and 8 more): an owner passes row security, changes definitions and gives rights away.',
        mend: ['REASSIGN OWNED BY "shop_staging" TO another_role;'],
      },
    ],
    secondLineage: { on: true, sentence: 'On, and the server’s log stays quiet.', mend: [] },
  }),
  connection('shop-production', 'shop', 'production', { state: 'open', weaknesses: [] }),
];

export const column = (name: string, type: string, change: Partial<ColumnView> = {}): ColumnView => ({
  name,
  type,
  notNull: true,
  primaryKey: false,
  foreignKey: null,
  class: null,
  masked: false,
  comment: null,
  ...change,
});
const masked = (kind: string): Partial<ColumnView> => ({ class: kind, masked: true });
export const catalog: Readonly<Record<string, readonly ColumnView[]>> = {
  customers: [
    column('id', 'bigint', { primaryKey: true }),
    column('name', 'text', masked('person-name')),
    column('email', 'text', masked('email')),
    column('phone', 'text', masked('phone')),
    column('country', 'char(2)'),
    column('created_at', 'timestamptz'),
  ],
  orders: [
    column('id', 'bigint', { primaryKey: true }),
    column('customer_id', 'bigint', { foreignKey: 'customers.id' }),
    column('status', 'text'),
    column('total', 'numeric(12,2)'),
    column('created_at', 'timestamptz'),
  ],
  payments: [
    column('id', 'bigint', { primaryKey: true }),
    column('order_id', 'bigint', { foreignKey: 'orders.id' }),
    column('card', 'text', masked('card')),
    column('amount', 'numeric(12,2)'),
  ],
  products: [column('id', 'bigint', { primaryKey: true }), column('title', 'text'), column('price', 'numeric(12,2)')],
  events: [column('id', 'bigint', { primaryKey: true }), column('kind', 'text'), column('at', 'timestamptz')],
  active_customers: [column('id', 'bigint'), column('name', 'text', masked('person-name'))],
};
const sizes: Readonly<Record<string, number>> = {
  customers: 24_000,
  orders: 100_214,
  payments: 98_731,
  products: 1_240,
  events: 1_000_000,
};

export const relation = (name: string): RelationView => ({
  schema: 'public',
  name,
  kind: name.startsWith('active') ? 'view' : 'table',
  estimatedRows: sizes[name] ?? 0,
  sensitive: (catalog[name] ?? []).some((one) => one.masked),
  comment: null,
});

const given = ['Ada', 'Jonas', 'Leila', 'Tomas', 'Ines', 'Ravi', 'Sofia', 'Henrik'];
const family = ['Moreau', 'Weber', 'Haddad', 'Ferreira', 'Costa', 'Iyer', 'Lind', 'Bauer'];
const countries = ['ES', 'DE', 'FR', 'PT', 'IN', 'SE'];
/** The cell of a column by its row, as the gate would send it: masked where the column is, unless a grant lifts it. */
export function cellText(name: string, row: number, clear = false): string | null {
  const pick = (list: readonly string[], by: number): string => list[(row * by) % list.length] ?? '';
  switch (name) {
    case 'name':
      if (clear) return `${pick(given, 5)} ${pick(family, 3)}`;
      return `${pick(given, 5)[0] ?? 'A'}*** ${pick(given, 3)[0] ?? 'B'}****`;
    case 'email':
      if (clear) return `${pick(given, 5).toLowerCase()}.${pick(family, 3).toLowerCase()}@example.org`;
      return `${(pick(given, 5)[0] ?? 'a').toLowerCase()}***@***.${row % 3 === 0 ? 'org' : 'com'}`;
    case 'phone':
      return `+34 ${clear ? '612 340' : '*** ***'} ${String(100 + ((row * 37) % 900))}`;
    case 'country':
      return row % 11 === 0 ? null : pick(countries, 7);
    case 'status':
      return pick(['paid', 'shipped', 'open', 'returned'], 3);
    case 'total':
    case 'amount':
    case 'price':
      return (((row * 7919) % 99999) / 100).toFixed(2);
    case 'created_at':
    case 'at':
      return `2026-0${String(1 + (row % 9))}-1${String(row % 10)} 0${String(row % 10)}:4${String(row % 10)}:12.48${String(row % 10)}+00`;
    case 'card':
      return `**** **** **** ${String(1000 + (row % 9000))}`;
    case 'customer_id':
    case 'order_id':
      return String((row * 31) % 24_000);
    default:
      return String(row + 1);
  }
}
