import { type Desktop } from '../../shared/contract.ts';
import { packWindow } from '../../shared/result-window.ts';
import { type Client } from '../../shared/rpc/types.ts';
import {
  type AppInfo,
  type ColumnView,
  type ConnectionView,
  type HistoryEntry,
  type PersonView,
  type RelationView,
  type ResultColumnView,
  type RunEvent,
  type VerdictView,
  type WorkspaceState,
} from '../../shared/views.ts';
import { guessBoundaries } from '../editor/statements.ts';

/** A gate process made of plain data, for looking at the window without one: `renderer/testing/preview.html`. It decides nothing real. */

export interface FakeOptions {
  readonly signedIn: boolean;
  readonly identity: AppInfo['identity'];
  /** Tables in the schema `public`. */
  readonly relations: number;
  readonly workspace: WorkspaceState;
}

const ana: PersonView = {
  name: 'Ana Ruiz',
  email: 'ana@harbor.example',
  groups: ['analysts'],
  verified: true,
  issuer: 'https://id.harbor.example',
  expiresAt: '2026-01-01T18:30:00Z',
};
const account: PersonView = { ...ana, name: 'ana', email: null, groups: [], verified: false, issuer: 'this computer' };

const people: AppInfo['people'] = [
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
  ...change,
});
const connections: readonly ConnectionView[] = [
  connection('sandbox', 'sandbox', 'development', { access: 'read-write' }),
  connection('shop-staging', 'shop', 'staging', { access: 'read-write', state: 'open' }),
  connection('shop-production', 'shop', 'production', { state: 'open' }),
];

const column = (name: string, type: string, change: Partial<ColumnView> = {}): ColumnView => ({
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
const catalog: Readonly<Record<string, readonly ColumnView[]>> = {
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

const relation = (name: string): RelationView => ({
  schema: 'public',
  name,
  kind: name.startsWith('active') ? 'view' : 'table',
  estimatedRows: sizes[name] ?? 0,
  sensitive: (catalog[name] ?? []).some((one) => one.masked),
  comment: null,
});

function verdictOn(text: string): VerdictView {
  const write = /^\s*(insert|update|delete|drop|truncate|alter)/i.exec(text);
  const tables = Object.keys(catalog).filter((name) => new RegExp(`\\b${name}\\b`, 'i').test(text));
  const outputs = (catalog[tables[0] ?? ''] ?? []).filter(
    ({ name }) => text.includes('*') || new RegExp(`\\b${name}\\b`).test(text),
  );
  return {
    verdict: write === null ? 'allow' : 'refuse',
    action: write === null ? 'read' : 'write',
    title: write === null ? 'Read' : 'Refused',
    effects: [write === null ? 'reads rows' : 'changes rows'],
    objects: tables.map((name) => ({ name: `public.${name}`, access: write === null ? 'read' : 'write', via: null })),
    columns: [],
    outputs: [],
    masks: outputs.flatMap((one, output) =>
      one.masked
        ? [
            {
              output,
              name: one.name,
              column: `public.customers.${one.name}`,
              class: one.class ?? '',
              rule: 'mask-personal-data',
              masker: 'partial',
              sentence: `${one.name} is ${one.class ?? ''}; analysts see it masked.`,
            },
          ]
        : [],
    ),
    rules: [
      {
        id: write === null ? 'analysts-read' : 'production-is-read-only',
        effect: write === null ? 'allow' : 'deny',
        text: null,
      },
    ],
    reasons:
      write === null
        ? []
        : [
            {
              code: 'write_on_production',
              sentence: `${(write[1] ?? '').toUpperCase()} changes rows, and production is read-only for analysts.`,
              next: 'Run it on staging, or ask Mia Okafor.',
              span: { start: text.search(/\S/), end: text.search(/\S/) + (write[1] ?? '').length },
            },
          ],
    limits: { rows: 10_000, bytes: 64_000_000, statementTimeout: 30_000 },
    approvers: [],
  };
}

const resultColumns = (text: string, verdict: VerdictView): ResultColumnView[] => {
  const table = Object.keys(catalog).find((name) => new RegExp(`\\b${name}\\b`, 'i').test(text)) ?? 'orders';
  const all = catalog[table] ?? [];
  const chosen = text.includes('*') ? all : all.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(text));
  return (chosen.length > 0 ? chosen : all).map((one, output) => ({
    name: one.name,
    type: one.type,
    numeric: /int|numeric/.test(one.type),
    mask:
      verdict.masks.find((mask) => mask.name === one.name) ??
      (one.masked
        ? {
            output,
            name: one.name,
            column: `public.${table}.${one.name}`,
            class: one.class ?? '',
            rule: 'mask-personal-data',
            masker: 'partial',
            sentence: `${one.name} is ${one.class ?? ''}; analysts see it masked.`,
          }
        : null),
  }));
};

const given = ['Ada', 'Jonas', 'Leila', 'Tomas', 'Ines', 'Ravi', 'Sofia', 'Henrik'];
const countries = ['ES', 'DE', 'FR', 'PT', 'IN', 'SE'];
function cellText(name: string, row: number): string | null {
  const pick = (list: readonly string[], by: number): string => list[(row * by) % list.length] ?? '';
  switch (name) {
    case 'name':
      return `${pick(given, 5)[0] ?? 'A'}*** ${pick(given, 3)[0] ?? 'B'}****`;
    case 'email':
      return `${(pick(given, 5)[0] ?? 'a').toLowerCase()}***@***.${row % 3 === 0 ? 'org' : 'com'}`;
    case 'phone':
      return `+34 *** *** ${String(100 + ((row * 37) % 900))}`;
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

export function fakeClient(options: FakeOptions): Client<Desktop> {
  const names = [
    ...Object.keys(catalog),
    ...Array.from({ length: Math.max(0, options.relations - 6) }, (_, n) => `measure_${String(n).padStart(5, '0')}`),
  ];
  const results = new Map<string, readonly ResultColumnView[]>();
  let person = options.signedIn ? (options.identity === 'oidc' ? ana : account) : null;
  let recorded = 18_204;
  let workspace = options.workspace;
  const encoder = new TextEncoder();
  const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(new DOMException('aborted', 'AbortError'));
      });
    });

  async function* run(text: string, signal?: AbortSignal): AsyncGenerator<RunEvent> {
    await pause(20, signal);
    const verdict = verdictOn(text);
    const start = text.search(/\S/);
    yield { kind: 'verdict', statement: { start, end: text.trimEnd().length }, verdict };
    recorded += 2;
    yield { kind: 'recorded', index: recorded };
    if (verdict.verdict !== 'allow') return;
    const result = crypto.randomUUID();
    const columns = resultColumns(text, verdict);
    results.set(result, columns);
    yield { kind: 'columns', result, columns };
    if (/pg_sleep/.test(text)) await pause(600_000, signal);
    const rows = /limit\s+(\d+)/i.exec(text)?.[1];
    const total = rows === undefined ? 100_214 : Number(rows);
    yield { kind: 'progress', rows: Math.min(total, 2000), bytes: 100_000 };
    await pause(30, signal);
    yield {
      kind: 'done',
      tag: `SELECT ${String(total)}`,
      rows: total,
      bytes: total * 60,
      milliseconds: 41,
      cut: null,
      maskedCells: total * verdict.masks.length,
    };
  }

  const history: HistoryEntry[] = [
    {
      at: new Date(Date.now() - 40_000).toISOString(),
      connection: 'shop-production',
      text: 'SELECT * FROM customers LIMIT 500',
      verdict: 'allow',
      rows: 500,
      milliseconds: 12,
    },
    {
      at: new Date(Date.now() - 400_000).toISOString(),
      connection: 'shop-production',
      text: 'DELETE FROM orders WHERE id = 4',
      verdict: 'refuse',
      rows: null,
      milliseconds: null,
    },
    {
      at: new Date(Date.now() - 90_000_000).toISOString(),
      connection: 'shop-staging',
      text: 'SELECT status, count(*)\nFROM orders\nGROUP BY status',
      verdict: 'allow',
      rows: 4,
      milliseconds: 187,
    },
  ];

  return {
    'app.info': async () => ({
      version: '0.1.0',
      organisation: options.identity === 'oidc' ? 'Harbor Goods' : 'Local profile',
      demonstration: true,
      identity: options.identity,
      people: options.identity === 'oidc' ? people : [],
      notices: [],
    }),
    'session.current': async () => person,
    'session.signIn': async function* (_, signal) {
      yield {
        kind: 'open',
        url: 'http://id.localhost:7007/authorize?client_id=countersign&code_challenge=Zk9x1&state=s8K2',
      };
      yield { kind: 'waiting' };
      await pause(600_000, signal);
      person = ana;
      yield { kind: 'done', person: ana };
    },
    'session.signOut': async () => {
      person = null;
      return null;
    },
    'connections.list': async () => (options.identity === 'oidc' ? connections : connections.slice(0, 1)),
    'connections.add': async () => {
      throw Object.assign(new Error('No server answers at db.example:5432.'), {
        code: 'unreachable',
        next: 'Check the host and the port, and whether a tunnel is needed.',
      });
    },
    'connections.remove': async () => null,
    'schema.schemas': async () => {
      await pause(30);
      return [
        { name: 'public', relations: names.length },
        { name: 'audit', relations: 0 },
      ];
    },
    'schema.relations': async ({ schema }) => {
      await pause(30);
      return schema === 'public' ? names.map(relation) : [];
    },
    'schema.columns': async (input) => {
      await pause(20);
      return catalog[input.relation] ?? [column('id', 'bigint'), column('value', 'double precision')];
    },
    'schema.search': async ({ text }) =>
      names
        .filter((name) => name.includes(text.toLowerCase()))
        .slice(0, 100)
        .map(relation),
    'query.split': async ({ text }) => guessBoundaries(text),
    'query.explain': async ({ text }) => {
      await pause(40);
      return verdictOn(text);
    },
    'query.run': ({ text }, signal) => run(text, signal),
    'result.window': async ({ result, firstRow, rows, firstColumn, columns }) => {
      const known = results.get(result) ?? [];
      return packWindow(
        { firstRow, rows, firstColumn, columns: Math.min(columns, known.length - firstColumn) },
        (row, at) => {
          const text = cellText(known[at]?.name ?? '', row);
          return { bytes: text === null ? null : encoder.encode(text), masked: known[at]?.mask !== null };
        },
      );
    },
    'result.cell': async ({ result, row, column: at }) => {
      const known = results.get(result)?.[at];
      const text = cellText(known?.name ?? '', row);
      return { text, masked: known?.mask !== null, bytes: text?.length ?? 0 };
    },
    'result.copy': async () => ({ text: '', cut: false }),
    'result.release': async () => null,
    'workspace.load': async () => workspace,
    'workspace.save': async (state) => {
      workspace = state;
      return null;
    },
    'history.list': async ({ text }) =>
      history.filter((entry) => entry.text.toLowerCase().includes(text.toLowerCase())),
    'audit.state': async function* (_, signal) {
      for (;;) {
        yield { recorded, log: 'this-computer.harbor.example/ana', trouble: null };
        await pause(1000, signal);
      }
    },
    'audit.verify': async () => ({
      good: true,
      checked: [
        { what: 'entries hashed into the tree', count: recorded },
        { what: 'signed checkpoints', count: 212 },
        { what: 'intents with exactly one outcome', count: recorded / 2 },
      ],
      findings: [],
      notChecked: ['Witness signatures: no witness is configured.'],
    }),
    'clipboard.copied': async () => null,
  };
}
