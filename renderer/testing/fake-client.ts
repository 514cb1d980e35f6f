import { type Desktop } from '../../shared/contract.ts';
import { packWindow } from '../../shared/result-window.ts';
import { type Client, type Input } from '../../shared/rpc/types.ts';
import {
  type AppInfo,
  type GrantView,
  type HistoryEntry,
  type ResultColumnView,
  type RunEvent,
  type VerdictView,
  type WorkspaceState,
} from '../../shared/views.ts';
import { guessBoundaries } from '../editor/statements.ts';
import { fakeAccount, type FakeAccountOptions, type FakeSession, refusal } from './fake-account.ts';
import { fakeActivity, type FakeActivityOptions } from './fake-activity.ts';
import { auditStates, type FakeAudit, verified } from './fake-audit.ts';
import { account, ana, catalog, cellText, column, connections, people, relation } from './fake-organisation.ts';
import { fakePolicy, type FakePolicyOptions } from './fake-policy.ts';

/** A gate process made of plain data, for looking at the window without one: `renderer/testing/preview.html`. It decides nothing real. */

export interface FakeOptions {
  readonly signedIn: boolean;
  readonly identity: AppInfo['identity'];
  /** Tables in the schema `public`. */
  readonly relations: number;
  readonly workspace: WorkspaceState;
  readonly activity?: FakeActivityOptions;
  /** What becomes of the record; where copies go. */
  readonly audit?: FakeAudit;
  readonly account?: FakeAccountOptions;
  readonly policy?: FakePolicyOptions;
}

/** What the person gives with a statement. */
interface Given {
  readonly reason: string | undefined;
  readonly steppedUp: boolean;
  readonly grants: readonly GrantView[];
}

const SEE_CLEAR = 'see-clear';

/** The grant that lifts every mask on a connection, where it is in force. */
const clearOn = ({ grants }: Pick<Given, 'grants'>, connection: string): GrantView | undefined =>
  grants.find((grant) => grant.name === SEE_CLEAR && grant.connection === connection && grant.mine);

type Need = VerdictView['needs'][number];

const needSentences: Readonly<Record<Need, { readonly sentence: string; readonly next: string }>> = {
  reason: {
    sentence: 'This needs a reason.',
    next: 'Write in a few words what it is for; it is recorded with the statement.',
  },
  'step-up': {
    sentence: 'Changing rows needs that you have confirmed it is you within 15 minutes.',
    next: 'Sign in once more, then it runs.',
  },
};

/** Payments want a reason, changes on staging both. */
function needsOf(text: string, connection: string, given: Given): readonly Need[] {
  const write = /^\s*(insert|update|delete)/i.test(text);
  const needs: Need[] = [];
  const wantsReason = /\bpayments\b/i.test(text) || (write && connection === 'shop-staging');
  if (wantsReason && (given.reason ?? '').trim().length < 4) needs.push('reason');
  if (write && connection === 'shop-staging' && !given.steppedUp) needs.push('step-up');
  return needs;
}

function verdictOn(text: string, connection: string, given: Given): VerdictView {
  const write = /^\s*(insert|update|delete|drop|truncate|alter)/i.exec(text);
  const needs = needsOf(text, connection, given);
  const denied = write !== null && connection !== 'shop-staging';
  const production = connection === 'shop-production';
  const lifted = clearOn(given, connection);
  const tables = Object.keys(catalog).filter((name) => new RegExp(`\\b${name}\\b`, 'i').test(text));
  const outputs = (catalog[tables[0] ?? ''] ?? []).filter(
    ({ name }) => text.includes('*') || new RegExp(`\\b${name}\\b`).test(text),
  );
  return {
    verdict: denied || needs.length > 0 ? 'refuse' : 'allow',
    action: write === null ? 'read' : 'write',
    title: `${(write?.[1] ?? 'read').toLowerCase()} ${tables.map((name) => `public.${name}`).join(', ')}`,
    effects: [write === null ? 'reads rows' : 'changes rows'],
    objects: tables.map((name) => ({ name: `public.${name}`, access: write === null ? 'read' : 'write', via: null })),
    columns: [],
    functions: [],
    operators: [],
    casts: [],
    types: [],
    outputs: [],
    masks: outputs.flatMap((one, output) =>
      one.masked && lifted === undefined
        ? [
            {
              output,
              name: one.name,
              column: `public.customers.${one.name}`,
              class: one.class ?? '',
              rule: 'mask-personal-data',
              masker: 'partial',
              sentence: `${one.name} is ${one.class ?? ''}; analysts see it masked. The grant see-clear lifts the mask.`,
              liftedBy: [SEE_CLEAR],
            },
          ]
        : [],
    ),
    rules: [
      {
        id: denied ? 'production-is-read-only' : 'analysts-read',
        effect: denied ? 'deny' : 'allow',
        text: null,
      },
    ],
    reasons:
      write === null || !denied
        ? needs.map((need) => ({ code: `${need}-needed`, ...needSentences[need], span: null }))
        : [
            {
              code: 'write_on_production',
              sentence: `${(write[1] ?? '').toUpperCase()} changes rows, and production is read-only for analysts.`,
              next: 'Run it on staging, or ask Mia Okafor.',
              span: { start: text.search(/\S/), end: text.search(/\S/) + (write[1] ?? '').length },
            },
          ],
    limits: { rows: 10_000, bytes: 64_000_000, statementTimeout: 30_000 },
    groupSize: null,
    permitted: [],
    unordered: false,
    approvers: [],
    needs: denied ? [] : needs,
    grants:
      lifted === undefined || !outputs.some((one) => one.masked) ? [] : [{ name: lifted.name, until: lifted.until }],
    leaving: /\bpayments\b/i.test(text)
      ? {
          kind: 'no',
          sentence: 'Rows of payments stay on this screen: the rule payments-stay keeps them from leaving.',
        }
      : {
          kind: production ? 'asked-then' : 'yes',
          sentence: production ? 'At most 1,000 rows at a time leave.' : null,
        },
    watermark: production ? 'Ana Ruiz · ana@harbor.example · shop-production' : null,
    secondLineage: null,
    cut: false,
  };
}

const resultColumns = (text: string, verdict: VerdictView): ResultColumnView[] => {
  const table = Object.keys(catalog).find((name) => new RegExp(`\\b${name}\\b`, 'i').test(text)) ?? 'orders';
  const all = catalog[table] ?? [];
  const chosen = text.includes('*') ? all : all.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(text));
  return (chosen.length > 0 ? chosen : all).map((one) => ({
    name: one.name,
    type: one.type,
    numeric: /int|numeric/.test(one.type),
    mask: verdict.masks.find((mask) => mask.name === one.name) ?? null,
  }));
};

export function fakeClient(options: FakeOptions): Client<Desktop> {
  const names = [
    ...Object.keys(catalog),
    ...Array.from({ length: Math.max(0, options.relations - 6) }, (_, n) => `measure_${String(n).padStart(5, '0')}`),
  ];
  const results = new Map<string, readonly ResultColumnView[]>();
  const local = options.identity !== 'oidc';
  const session: FakeSession = { person: options.signedIn ? (local ? account : ana) : null, grants: [] };
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

  async function* run(asked: Input<Desktop['query.run']>, signal?: AbortSignal): AsyncGenerator<RunEvent> {
    const { connection, text, offset, reason } = asked;
    await pause(20, signal);
    const verdict = verdictOn(text, connection, {
      reason,
      steppedUp: session.person?.steppedUpAt != null,
      grants: session.grants,
    });
    yield { kind: 'verdict', statement: { start: offset, end: offset + text.length }, verdict };
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
    'session.current': async () => session.person,
    'session.signIn': async function* (_, signal) {
      yield {
        kind: 'open',
        url: 'http://id.localhost:7007/authorize?client_id=countersign&code_challenge=Zk9x1&state=s8K2',
      };
      yield { kind: 'waiting' };
      await pause(600_000, signal);
      session.person = ana;
      yield { kind: 'done', person: ana };
    },
    'session.signOut': async () => {
      session.person = null;
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
    'connections.examine': async ({ connection }) => {
      await pause(40);
      const findings = [{ code: 'role', level: 'good', sentence: 'The role can do nothing more.', mend: [] }] as const;
      return { connection, title: connection, usable: true, findings, secondLineage: null };
    },
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
    'query.explain': async ({ connection, text }) => {
      await pause(40);
      return verdictOn(text, connection, {
        reason: undefined,
        steppedUp: session.person?.steppedUpAt != null,
        grants: session.grants,
      });
    },
    'query.run': run,
    'result.window': async ({ result, firstRow, rows, firstColumn, columns }) => {
      const known = results.get(result) ?? [];
      return packWindow(
        { firstRow, rows, firstColumn, columns: Math.min(columns, known.length - firstColumn) },
        (row, at) => {
          const text = cellText(known[at]?.name ?? '', row, known[at]?.mask === null);
          return { bytes: text === null ? null : encoder.encode(text), masked: known[at]?.mask !== null };
        },
      );
    },
    'result.cell': async ({ result, row, column: at }) => {
      const known = results.get(result)?.[at];
      const text = cellText(known?.name ?? '', row, known?.mask === null);
      return { text, masked: known?.mask !== null, bytes: text?.length ?? 0 };
    },
    'result.copy': async ({ rows }) => {
      if (rows > 1000)
        throw refusal(
          'export-refused',
          'At most 1,000 rows at a time leave; these are more.',
          'Select fewer rows, or ask group:data-protection.',
        );
      return { text: '', cut: false };
    },
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
        yield auditStates[options.audit ?? 'alone'](recorded);
        await pause(1000, signal);
      }
    },
    'audit.verify': async ({ where }, signal) => {
      await pause(options.audit === 'verifying' ? 3_600_000 : 400, signal);
      return verified(where, recorded, options.audit === 'damaged');
    },
    ...fakeAccount({ local, ...options.account }, session),
    ...fakePolicy(options.policy ?? {}),
    ...fakeActivity(options.activity ?? { events: 50_000, until: Date.now(), every: 4000, delay: 25 }),
    'clipboard.copied': async () => null,
  };
}
