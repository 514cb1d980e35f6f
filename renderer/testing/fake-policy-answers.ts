import {
  type ClassificationProposalView,
  type ClassifiedColumnView,
  type PolicyExplanationView,
  type SimulatedView,
  type SimulationView,
} from '../../shared/views.ts';
import { samplePolicy } from './fake-policy-text.ts';

/** What the sample policy says to a statement, what it would have done, and which columns are of which class. */

export function explanationOf(as: readonly string[], connection: string, sql: string): PolicyExplanationView {
  const write = /^\s*(insert|update|delete|drop|truncate|alter)/i.exec(sql)?.[1]?.toLowerCase() ?? null;
  const table = /(?:from|into|update|table)\s+(\w+)/i.exec(sql)?.[1] ?? 'customers';
  const production = connection.includes('production');
  const refused = production && write === 'drop';
  const asks = production && write !== null && !refused;
  const rule = (
    id: string,
    effect: 'allow' | 'deny' | 'require' | 'permit',
    applies: boolean,
    why: string,
  ): PolicyExplanationView['questions'][number]['rules'][number] => ({
    id,
    effect,
    applies,
    why,
    line: samplePolicy.split('\n').findIndex((line) => line.includes(`id: ${id}`)) + 1,
  });
  return {
    as: as.length === 0 ? 'yourself' : as.join(', '),
    verdict: {
      verdict: refused ? 'refuse' : asks ? 'ask' : 'allow',
      action: write ?? 'select',
      title: `${write ?? 'read'} public.${table}`,
      effects: [write === null ? 'reads rows' : 'changes rows'],
      objects: [{ name: `public.${table}`, access: write === null ? 'read' : 'write', via: null }],
      columns: [],
      functions: [],
      operators: [],
      casts: [],
      types: [],
      outputs: [],
      masks: [],
      rules: [{ id: refused ? 'no-drop' : 'engineers', effect: refused ? 'deny' : 'allow', text: null }],
      reasons: refused
        ? [
            {
              code: 'denied',
              sentence: 'DROP and TRUNCATE are never run in production.',
              next: 'Run it on staging.',
              span: null,
            },
          ]
        : asks
          ? [
              {
                code: 'approval-needed',
                sentence: 'Changing production needs approval of the owning team.',
                next: null,
                span: null,
              },
            ]
          : [],
      limits: { rows: 100_000, bytes: 1_073_741_824, statementTimeout: 120_000 },
      groupSize: null,
      permitted: [],
      unordered: false,
      approvers: asks ? ['owner-team'] : [],
      needs: [],
      grants: [],
      leaving: { kind: 'yes', sentence: null },
      watermark: null,
      secondLineage: null,
      cut: false,
    },
    questions: [
      {
        action: write ?? 'select',
        on: `public.${table}`,
        effect: refused ? 'deny' : 'allow',
        rules: [
          rule('engineers', 'allow', true, 'it is for group engineers'),
          rule('limits', 'require', true, 'it is for everyone, everywhere'),
          rule(
            'pii-masked',
            'require',
            production && write === null,
            production ? 'the connection is in production' : `the connection is not in production`,
          ),
          rule(
            'production-writes',
            'require',
            asks,
            asks ? 'the connection is in production' : 'it is about writes in production',
          ),
          rule('bulk-needs-dba', 'require', false, 'its condition is false: rows.estimate is 12'),
          rule(
            'no-drop',
            'deny',
            refused,
            refused ? 'the connection is in production' : 'it is about drop and truncate in production',
          ),
        ],
      },
      {
        action: 'call',
        on: 'nothing',
        effect: 'allow',
        rules: [rule('engineers', 'allow', true, 'it is for group engineers')],
      },
    ],
  };
}

const LOG = '0193b1c4-7a52-7e08-9f7e-4c2a51d3b860';

/** What a week of work would have come to. */
export function simulated(since: number): SimulationView {
  const days = (Date.now() - since) / 86_400_000;
  const examined = Math.round(days * 1830);
  const kinds: readonly (Omit<SimulatedView, 'log' | 'index' | 'at' | 'agent'> & { readonly agent?: string })[] = [
    {
      person: 'Eli Brandt',
      connection: 'shop-production',
      title: 'update public.orders',
      before: 'refuse',
      after: 'allow',
      changes: ['needs approval of the owning team no more'],
      rules: ['production-writes'],
    },
    {
      person: 'Ana Ruiz',
      connection: 'shop-production',
      title: 'read public.customers, public.orders',
      before: 'allow',
      after: 'allow',
      changes: ['email: clear -> partial', 'rows: 100,000 -> 50,000'],
      rules: ['pii-masked', 'limits'],
    },
    {
      person: 'Ana Ruiz',
      agent: 'scout',
      connection: 'shop-staging',
      title: 'read public.payments',
      before: 'allow',
      after: 'refuse',
      changes: ['refused by agents-budget'],
      rules: ['agents-budget'],
    },
  ];
  const changed = Array.from({ length: Math.min(1000, Math.round(days * 40)) }, (_, n): SimulatedView => {
    const kind = kinds[(n * 7) % 3] ?? kinds[0];
    return {
      ...(kind as SimulatedView),
      agent: kind?.agent ?? null,
      log: LOG,
      index: 49_900 - n * 11,
      at: new Date(Date.now() - n * 700_000).toISOString(),
    };
  });
  const count = (test: (one: SimulatedView) => boolean): number => changed.filter(test).length;
  return {
    examined,
    same: examined - changed.length,
    skipped: [{ why: 'the table audit.events is no longer there', count: 14 }],
    nowAllowed: count(({ before, after }) => before !== after && after === 'allow'),
    nowRefused: count(({ before, after }) => before !== after && after === 'refuse'),
    otherwiseBound: count(({ before, after }) => before === after),
    changed,
    cut: changed.length === 1000,
    done: true,
  };
}

export function classified(connection: string): ClassifiedColumnView[] {
  const of = (
    column: string,
    name: string,
    group: string,
    source: ClassifiedColumnView['source'],
  ): ClassifiedColumnView => ({ connection, column, class: name, group, source });
  if (connection === 'sandbox') return [];
  return [
    of('public.customers.name', 'person-name', 'pii', 'file'),
    of('public.customers.email', 'email', 'pii', 'file'),
    of('public.customers.phone', 'phone', 'pii', 'comment'),
    of('public.customers.national_id', 'national-id', 'pii', 'file'),
    of('public.payments.card', 'card', 'payment', 'file'),
    of('public.payments.iban', 'iban', 'payment', 'detected'),
    of('public.api_keys.token', 'token', 'secret', 'comment'),
  ];
}

export function proposals(connection: string): ClassificationProposalView[] {
  const of = (column: string, name: string, share: number | null): ClassificationProposalView => ({
    connection,
    column,
    class: name,
    share,
  });
  return [
    of('public.orders.note', 'email', 0.031),
    of('public.orders.ship_to', 'address', 0.97),
    of('public.employees.birthday', 'birth-date', 1),
    of('public.employees.salary', 'salary', null),
    of('public.events.payload', 'ip-address', 0.004),
  ];
}
