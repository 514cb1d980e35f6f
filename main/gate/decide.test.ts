import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Principal } from '../identity/principal.ts';
import { classifiedColumns, columnKey, readClassification } from '../policy/classification.ts';
import { compilePolicy } from '../policy/compile.ts';
import { type Connection, type Environment } from '../profile/types.ts';
import { decide, DEFAULT_LIMITS, type DecideInput } from './decide.ts';
import {
  type BaseColumn,
  type Facts,
  type Lineage,
  type OutputLineage,
  type Place,
  type RelationUse,
} from './facts.ts';
import { type Verdict } from './verdict.ts';

const CLASSIFICATION = `version: 1
detect: mask
classes:
  email: { group: pii, masker: email, title: e-mail address }
  phone: { group: pii, masker: phone, title: phone number }
  birth-date: { group: pii, masker: 'null', title: date of birth }
  card: { group: payment, masker: card, title: card number }
columns:
  - classes:
      public.customers.email: email
      public.customers.phone: phone
      public.customers.birth_date: birth-date
      public.cards.number: card
`;

const POLICY = `version: 1
groups: { analysts: [analysts], engineers: [engineers], security: [security], auditors: [auditors] }
grants:
  unmask: { for: group:analysts, approval: none, maxMinutes: 15 }
rules:
  - { id: analysts-read, allow: read, to: group:analysts }
  - { id: engineers-read, allow: read, to: group:engineers }
  - { id: engineers-staging, allow: [write, ddl], to: group:engineers, in: { env: staging } }
  - { id: engineers-production, allow: [insert, update], to: group:engineers, in: { env: production } }
  - { id: agents-read, allow: read, to: agent }
  - { id: auditors-anything, allow: all, to: group:auditors }
  - { id: writes-approved, require: { approval: { from: [group:engineers, group:security] } }, on: write, in: { env: production }, text: four eyes }
  - { id: pii-masked, require: { mask: { pii: partial, payment: redact } }, to: [group:analysts, group:engineers], unless: { grant: unmask } }
  - { id: contacts-hidden, require: { mask: { pii: 'null' } }, in: { table: contacts } }
  - { id: agents-redacted, require: { mask: { '*': redact }, limits: { rows: 10000, seconds: 2 } }, to: agent }
  - { id: common-limits, require: { limits: { rows: 50000, bytes: 1 MiB } } }
  - { id: payments-closed, deny: select, to: group:analysts, in: { table: payments }, text: ask finance }
  - { id: hr-closed, deny: all, in: { schema: hr } }
  - { id: reasons, require: { reason: true }, in: { table: audit } }
  - { id: uploads, require: { record: uploaded }, in: { table: ledger } }
`;

const read = readClassification(CLASSIFICATION, []);
if (!read.ok) throw new Error(JSON.stringify(read));
const { classification } = read;
const compiled = compilePolicy(POLICY, {
  classes: [...classification.classes.values()].map((entry) => ({ name: entry.class, group: entry.group })),
  connections: [],
});
if (!compiled.ok) throw new Error(JSON.stringify(compiled));
const { policy } = compiled;

const detected = new Map([[columnKey({ schema: 'public', relation: 'orders', column: 'note' }), 'email']]);

function principal(...groups: string[]): Principal {
  return {
    issuer: 'https://login.example.com',
    subject: '1',
    name: 'Ana',
    groups,
    verified: true,
    authenticatedAt: '2026-03-02T08:00:00Z',
  };
}

function connection(environment: Environment): Connection {
  return {
    name: environment,
    title: `Shop ${environment}`,
    engine: 'postgres',
    environment,
    host: '127.0.0.1',
    port: 5432,
    database: 'shop',
    user: 'gate',
    tls: 'disable',
    searchPath: ['public'],
  };
}

const column = (name: string): BaseColumn => {
  const [relation = '', column = ''] = name.split('.');
  return { schema: 'public', relation, column };
};
const relation = (name: string, access: 'read' | 'write' = 'read', more: Partial<RelationUse> = {}): RelationUse => ({
  schema: 'public',
  name,
  access,
  ...more,
});
const plain = (name: string, ...flow: string[]): OutputLineage => ({
  name,
  flow: flow.map(column),
  derivation: 'plain',
});
const computed = (name: string, ...flow: string[]): OutputLineage => ({
  name,
  flow: flow.map(column),
  derivation: 'computed',
});
const use = (name: string, place: Place, start = 7) => ({
  column: column(name),
  place,
  span: { start, end: start + 5 },
});
const traced = (outputs: readonly OutputLineage[], uses: Lineage['uses'] = []): Lineage => ({
  outputs,
  uses,
  relations: [],
  hazards: [],
});

function facts(change: Partial<Facts>): Facts {
  return {
    action: 'select',
    title: 'SELECT',
    effects: ['reads'],
    relations: [relation('customers')],
    columns: [],
    functions: [],
    operators: [],
    casts: [],
    types: [],
    normalized: '',
    fingerprint: '',
    hazards: [],
    ...change,
  };
}

function input(change: Partial<DecideInput>): DecideInput {
  return {
    facts: facts({}),
    lineage: traced([plain('id', 'customers.id')]),
    principal: principal('analysts'),
    connection: connection('production'),
    policy,
    classification: classifiedColumns(classification, 'production', detected),
    now: new Date('2026-03-02T09:00:00Z'),
    grants: [],
    ...change,
  };
}

const select = (
  outputs: readonly OutputLineage[],
  uses: Lineage['uses'] = [],
  relations = [relation('customers')],
) => ({
  facts: facts({ relations }),
  lineage: traced(outputs, uses),
});
const write = (action: 'insert' | 'update' | 'delete', relations: readonly RelationUse[]) =>
  facts({ action, title: action.toUpperCase(), effects: ['reads', 'writes'], relations });

/** `allow`, or the codes of the reasons. */
function said(verdict: Verdict): string {
  return verdict.verdict === 'allow' ? 'allow' : verdict.reasons.map((reason) => reason.code).join(' ');
}
function first(verdict: Verdict) {
  return verdict.verdict === 'allow' ? undefined : verdict.reasons[0];
}
function masks(verdict: Verdict): readonly string[] {
  if (verdict.verdict !== 'allow') return [said(verdict)];
  return verdict.masks.map((mask) => `${mask.output} ${mask.name}: ${mask.masker.kind}`);
}

describe('what is refused before the policy is asked', () => {
  const hazard = {
    code: 'unknown-function',
    sentence: 'Nobody knows evil().',
    next: 'Leave it out.',
    span: { start: 1, end: 2 },
  };

  it.each<readonly [string, Partial<DecideInput>, string]>([
    [
      'a hazard, even under a policy that allows all',
      { facts: facts({ hazards: [hazard] }), principal: principal('auditors') },
      'unknown-function',
    ],
    ['CALL', { facts: facts({ action: 'call', title: 'CALL' }), principal: principal('auditors') }, 'not-run'],
    ['COPY', { facts: facts({ action: 'copy', title: 'COPY' }), principal: principal('auditors') }, 'not-run'],
    ['SET', { facts: facts({ action: 'session', title: 'SET' }), principal: principal('auditors') }, 'not-run'],
    [
      'COMMIT',
      { facts: facts({ action: 'transaction', title: 'COMMIT' }), principal: principal('auditors') },
      'not-run',
    ],
    [
      'a SELECT that reads files',
      { facts: facts({ effects: ['reads', 'file'] }), principal: principal('auditors') },
      'effect-refused',
    ],
    [
      'a SELECT that runs SQL text',
      { facts: facts({ effects: ['runs-sql'] }), principal: principal('auditors') },
      'effect-refused',
    ],
  ])('refuses %s', (_sentence, change, code) => {
    expect(said(decide(input(change)))).toBe(code);
  });

  it('passes a hazard on with its words and its place', () => {
    expect(first(decide(input({ facts: facts({ hazards: [hazard] }) })))).toEqual(hazard);
  });
});

describe('what the policy is asked', () => {
  const engineer = { principal: principal('engineers') };
  it.each<readonly [string, Partial<DecideInput>, string]>([
    ['an analyst reads', {}, 'allow'],
    ['an analyst runs SELECT 1', { facts: facts({ relations: [] }), lineage: traced([]) }, 'allow'],
    [
      'an analyst shows a setting, which has no lineage',
      { facts: facts({ action: 'show', title: 'SHOW', relations: [] }), lineage: undefined },
      'allow',
    ],
    [
      'an analyst reads a table that is denied',
      { facts: facts({ relations: [relation('orders'), relation('payments')] }) },
      'denied',
    ],
    [
      'an analyst reads a denied table through a view',
      { facts: facts({ relations: [relation('revenue'), relation('payments', 'read', { via: 'revenue' })] }) },
      'denied',
    ],
    [
      'a column comes from a denied table that the statement does not list',
      { lineage: traced([plain('amount', 'payments.amount')]) },
      'denied',
    ],
    [
      'an analyst writes',
      { facts: write('delete', [relation('orders', 'write')]), lineage: traced([]) },
      'not-allowed',
    ],
    [
      'a SELECT that deletes in a CTE',
      { facts: facts({ relations: [relation('orders', 'write')] }) },
      'not-allowed not-allowed not-allowed not-allowed',
    ],
    [
      'a SELECT whose function writes somewhere',
      { facts: facts({ relations: [], effects: ['reads', 'writes'] }), lineage: traced([]) },
      'denied',
    ],
    [
      'a SELECT FOR UPDATE that is understood as locking rows still only reads',
      { facts: facts({ effects: ['reads', 'lock'] }) },
      'allow',
    ],
    [
      'an engineer updates staging outright',
      {
        ...engineer,
        connection: connection('staging'),
        facts: write('update', [relation('orders', 'write')]),
        lineage: traced([]),
      },
      'allow',
    ],
    [
      'an engineer updates production',
      { ...engineer, facts: write('update', [relation('orders', 'write')]), lineage: traced([]) },
      'approval-needed',
    ],
    [
      'an engineer deletes in production',
      { ...engineer, facts: write('delete', [relation('orders', 'write')]), lineage: traced([]) },
      'not-allowed',
    ],
    [
      'an engineer hides a delete in an insert',
      {
        ...engineer,
        facts: write('insert', [relation('orders', 'write'), relation('events', 'write', { action: 'delete' })]),
        lineage: traced([]),
      },
      'not-allowed not-allowed not-allowed',
    ],
    [
      'an engineer creates a table on staging',
      {
        ...engineer,
        connection: connection('staging'),
        facts: facts({ action: 'ddl', title: 'CREATE TABLE', effects: ['ddl'], relations: [relation('t', 'write')] }),
        lineage: undefined,
      },
      'allow',
    ],
    [
      'an engineer drops in production',
      {
        ...engineer,
        facts: facts({ action: 'drop', title: 'DROP TABLE', effects: ['ddl'], relations: [relation('t', 'write')] }),
        lineage: undefined,
      },
      'not-allowed',
    ],
    [
      'an engineer copies a denied table by INSERT ... SELECT',
      {
        principal: principal('engineers', 'analysts'),
        connection: connection('staging'),
        facts: write('insert', [relation('t', 'write'), relation('payments')]),
        lineage: traced([]),
      },
      'denied',
    ],
    [
      'EXPLAIN of an UPDATE only explains',
      {
        facts: facts({ action: 'explain', title: 'EXPLAIN', relations: [relation('orders', 'write')] }),
        lineage: traced([]),
      },
      'allow',
    ],
    [
      'EXPLAIN ANALYZE of an UPDATE writes',
      {
        facts: facts({
          action: 'explain',
          title: 'EXPLAIN',
          effects: ['reads', 'writes'],
          relations: [relation('orders', 'write', { action: 'update' })],
        }),
        lineage: traced([]),
      },
      'not-allowed',
    ],
    [
      'EXPLAIN of a denied table',
      { facts: facts({ action: 'explain', title: 'EXPLAIN', relations: [relation('payments')] }), lineage: traced([]) },
      'denied',
    ],
    [
      'a name without schema may mean any schema of the search path',
      {
        ...engineer,
        connection: { ...connection('staging'), searchPath: ['public', 'hr'] },
        facts: facts({
          action: 'ddl',
          title: 'CREATE TABLE',
          effects: ['ddl'],
          relations: [relation('t', 'write', { schema: '' })],
        }),
        lineage: undefined,
      },
      'denied',
    ],
    [
      'a name without schema on a search path without the closed schema',
      {
        ...engineer,
        connection: connection('staging'),
        facts: facts({
          action: 'ddl',
          title: 'CREATE TABLE',
          effects: ['ddl'],
          relations: [relation('t', 'write', { schema: '' })],
        }),
        lineage: undefined,
      },
      'allow',
    ],
    [
      'a name without schema where there is no search path',
      {
        ...engineer,
        connection: { ...connection('staging'), searchPath: [] },
        facts: facts({
          action: 'ddl',
          title: 'CREATE TABLE',
          effects: ['ddl'],
          relations: [relation('t', 'write', { schema: '' })],
        }),
        lineage: undefined,
      },
      'denied',
    ],
    ['somebody in no group', { principal: principal() }, 'not-allowed'],
    ['somebody whose groups nobody knows', { principal: { ...principal(), groups: 'unknown' } }, 'not-allowed'],
    ['an agent of nobody', { principal: { ...principal(), agent: { id: 'x', name: 'X' } } }, 'not-allowed'],
    [
      'a table that asks for a reason',
      { facts: facts({ relations: [relation('audit')] }), lineage: traced([]) },
      'reason-needed',
    ],
    [
      'a table that asks for an uploaded record',
      { facts: facts({ relations: [relation('ledger')] }), lineage: traced([]) },
      'obligation-unmet',
    ],
  ])('%s', (_sentence, change, expected) => {
    expect(said(decide(input(change)))).toBe(expected);
  });

  it('says who may, in words', () => {
    const verdict = decide(input({ facts: write('insert', [relation('orders', 'write')]), lineage: traced([]) }));
    expect(first(verdict)).toEqual({
      code: 'not-allowed',
      sentence: 'No rule of the policy allows you to insert into public.orders on Shop production.',
      next: 'The policy allows it to auditors or engineers.',
    });
  });

  it('says why, in the administrator’s words, and where', () => {
    const relations = [relation('payments', 'read', { span: { start: 14, end: 22 } })];
    expect(first(decide(input({ facts: facts({ relations }) })))).toEqual({
      code: 'denied',
      sentence:
        'The policy does not let you read public.payments on Shop production (rule payments-closed): ask finance.',
      span: { start: 14, end: 22 },
    });
  });

  it('says whose approval a write needs, and that asking comes later', () => {
    const verdict = decide(
      input({
        principal: principal('engineers'),
        facts: write('update', [relation('orders', 'write')]),
        lineage: traced([]),
      }),
    );
    expect(verdict).toMatchObject({
      verdict: 'refuse',
      rules: [
        { id: 'writes-approved' },
        { id: 'common-limits' },
        { id: 'pii-masked' },
        { id: 'engineers-production' },
      ].sort(byEffect),
    });
    expect(first(verdict)?.sentence).toBe(
      'UPDATE on Shop production needs the approval of somebody else from engineers or security (rule writes-approved): four eyes.',
    );
    expect(first(verdict)?.next).toContain('approvals view');
  });

  it('shows a handful of reasons at most', () => {
    const relations = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => relation(name));
    const verdict = decide(input({ principal: principal(), facts: facts({ relations }) }));
    expect(verdict.verdict === 'allow' ? [] : verdict.reasons).toHaveLength(5);
  });
});

describe('what a run is bound by', () => {
  it('gives a read the read envelope and a write the write envelope', () => {
    expect(decide(input({}))).toMatchObject({ verdict: 'allow', envelope: 'read' });
    const staging = { principal: principal('engineers'), connection: connection('staging') };
    expect(
      decide(input({ ...staging, facts: write('insert', [relation('orders', 'write')]), lineage: traced([]) })),
    ).toMatchObject({
      verdict: 'allow',
      envelope: 'write',
    });
  });

  it('takes the strictest limits, and the usual ones where the policy sets none', () => {
    expect(decide(input({}))).toMatchObject({
      limits: { rows: 50_000, bytes: 1024 ** 2, statementTimeout: DEFAULT_LIMITS.statementTimeout, lockTimeout: 5000 },
    });
    const agent = { ...principal('analysts'), agent: { id: 'x', name: 'X' } };
    expect(decide(input({ principal: agent }))).toMatchObject({
      limits: { rows: 10_000, bytes: 1024 ** 2, statementTimeout: 2000, lockTimeout: 2000 },
    });
  });

  it('gives the same verdict for the same input, whatever the order of relations', () => {
    const relations = [relation('orders'), relation('customers'), relation('cards')];
    const one = decide(input({ facts: facts({ relations }) }));
    expect(decide(input({ facts: facts({ relations: [...relations].reverse() }) }))).toEqual(one);
  });
});

describe('masked columns', () => {
  it.each<readonly [string, Partial<DecideInput>, readonly string[]]>([
    [
      'a plain output is masked',
      select([plain('id', 'customers.id'), plain('email', 'customers.email')]),
      ['1 email: email'],
    ],
    ['an alias is masked', select([plain('x', 'customers.email')]), ['0 x: email']],
    ['a column that is not classified stays clear', select([plain('name', 'customers.name')]), []],
    ['a class whose masker is null stays null', select([plain('b', 'customers.birth_date')]), ['0 b: null']],
    ['the policy’s redact wins over the class’s masker', select([plain('n', 'cards.number')]), ['0 n: redact']],
    ['UNION of one class keeps its masker', select([plain('x', 'customers.email', 'customers.email')]), ['0 x: email']],
    [
      'UNION of two classes is masked whole',
      select([plain('x', 'customers.email', 'customers.phone')]),
      ['0 x: redact'],
    ],
    [
      'UNION with a date of birth is null',
      select([plain('x', 'customers.email', 'customers.birth_date')]),
      ['0 x: null'],
    ],
    [
      'UNION with a clear column is masked all the same',
      select([plain('x', 'customers.name', 'customers.phone')]),
      ['0 x: phone'],
    ],
    [
      'a rule about a view binds what comes through it',
      select(
        [plain('email', 'customers.email')],
        [],
        [relation('contacts'), relation('customers', 'read', { via: 'contacts' })],
      ),
      ['0 email: null'],
    ],
    [
      'a view named with its schema is that view',
      select(
        [plain('email', 'customers.email')],
        [],
        [relation('contacts'), relation('customers', 'read', { via: 'public.contacts' })],
      ),
      ['0 email: null'],
    ],
    ['a detected column is masked like a classified one', select([plain('note', 'orders.note')]), ['0 note: email']],
    ['a grant shows the column', { ...select([plain('email', 'customers.email')]), grants: ['unmask'] }, []],
    [
      'an agent sees less',
      {
        ...select([plain('email', 'customers.email')]),
        principal: { ...principal('analysts'), agent: { id: 'x', name: 'X' } },
      },
      ['0 email: redact'],
    ],
    [
      'an agent does not profit by a grant',
      {
        ...select([plain('email', 'customers.email')]),
        principal: { ...principal('analysts'), agent: { id: 'x', name: 'X' } },
        grants: ['unmask'],
      },
      ['0 email: redact'],
    ],
    [
      'who is not masked reads in clear and computes',
      {
        ...select([computed('e', 'customers.email')], [use('customers.email', 'predicate')]),
        principal: principal('auditors'),
      },
      [],
    ],
    [
      'RETURNING is masked',
      {
        facts: write('update', [relation('customers', 'write')]),
        lineage: traced([plain('email', 'customers.email')]),
        principal: principal('engineers'),
        connection: connection('staging'),
      },
      ['0 email: email'],
    ],
    [
      'EXPLAIN shows no rows to mask',
      { facts: facts({ action: 'explain', title: 'EXPLAIN' }), lineage: traced([plain('email', 'customers.email')]) },
      [],
    ],

    ['a computed output', select([computed('lower', 'customers.email')]), ['masked-column-computed']],
    [
      'a computed output whose argument is reported too',
      select([computed('lower', 'customers.email')], [use('customers.email', 'argument')]),
      ['masked-column-computed'],
    ],
    [
      'a computed output under EXPLAIN',
      { facts: facts({ action: 'explain' }), lineage: traced([computed('x', 'customers.email')]) },
      ['masked-column-computed'],
    ],
    [
      'a predicate under EXPLAIN',
      { facts: facts({ action: 'explain' }), lineage: traced([], [use('customers.email', 'predicate')]) },
      ['masked-column-used'],
    ],
    ['a detected column in a predicate', select([], [use('orders.note', 'predicate')]), ['masked-column-used']],
    [
      'a write that reads a masked column',
      {
        facts: write('insert', [relation('t', 'write'), relation('customers')]),
        lineage: traced([], [use('customers.email', 'assignment')]),
        principal: principal('engineers'),
        connection: connection('staging'),
      },
      ['masked-column-used'],
    ],
    [
      'RETURNING with a computation',
      {
        facts: write('update', [relation('customers', 'write')]),
        lineage: traced([computed('e', 'customers.email')]),
        principal: principal('engineers'),
        connection: connection('staging'),
      },
      ['masked-column-computed'],
    ],
    [
      'CREATE TABLE AS with a plain output',
      {
        facts: facts({
          action: 'ddl',
          title: 'CREATE TABLE AS',
          effects: ['reads', 'ddl'],
          relations: [relation('t', 'write'), relation('customers')],
        }),
        lineage: traced([plain('email', 'customers.email')]),
        principal: principal('engineers'),
        connection: connection('staging'),
      },
      ['masked-column-stored'],
    ],
    [
      'CREATE TABLE AS that nobody traced',
      {
        facts: facts({
          action: 'ddl',
          title: 'CREATE TABLE AS',
          effects: ['reads', 'ddl'],
          relations: [relation('t', 'write'), relation('customers')],
        }),
        lineage: undefined,
        principal: principal('engineers'),
        connection: connection('staging'),
      },
      ['lineage-unknown'],
    ],
    [
      'ALTER TABLE that could rename a masked column',
      {
        facts: facts({
          action: 'ddl',
          title: 'ALTER TABLE',
          effects: ['ddl'],
          relations: [relation('customers', 'write')],
        }),
        lineage: traced([]),
        principal: principal('engineers'),
        connection: connection('staging'),
      },
      ['masked-column-restructured'],
    ],
    [
      'ALTER TABLE of a name without schema',
      {
        facts: facts({
          action: 'ddl',
          title: 'ALTER TABLE',
          effects: ['ddl'],
          relations: [relation('customers', 'write', { schema: '' })],
        }),
        lineage: traced([]),
        principal: principal('engineers'),
        connection: connection('staging'),
      },
      ['masked-column-restructured'],
    ],
    [
      'ALTER TABLE that drops one column and could rename another',
      {
        facts: facts({
          action: 'drop',
          title: 'ALTER TABLE DROP COLUMN',
          effects: ['ddl'],
          relations: [relation('customers', 'write')],
        }),
        lineage: traced([]),
        principal: principal('engineers'),
        connection: connection('staging'),
      },
      ['masked-column-restructured'],
    ],
    ['a SELECT that nobody traced', { lineage: undefined }, ['lineage-unknown']],
    [
      'a SELECT with a part that could not be traced',
      {
        lineage: {
          outputs: [],
          uses: [],
          relations: [],
          hazards: [{ code: 'unknown-relation', sentence: 'There is no table x.' }],
        },
      },
      ['unknown-relation'],
    ],
  ])('%s', (_sentence, change, expected) => {
    expect(masks(decide(input(change)))).toEqual(expected);
  });

  const everyPlace: readonly Place[] = [
    'output',
    'predicate',
    'join-key',
    'grouping',
    'ordering',
    'distinct',
    'window',
    'argument',
    'limit',
    'assignment',
    'returning',
    'lock',
    'whole-row',
  ];
  it.each(everyPlace)('refuses a masked column in the place %s, with its span and what to do instead', (place) => {
    const reason = first(decide(input(select([plain('id', 'customers.id')], [use('customers.email', place, 30)]))));
    expect(reason).toMatchObject({ code: 'masked-column-used', span: { start: 30, end: 35 } });
    expect(reason?.sentence).toMatch(
      /^public\.customers\.email \(e-mail address, pii\) is masked for you by rule pii-masked; it is used (in|as) /,
    );
    expect(reason?.next).toMatch(/\. The grant unmask lifts the mask\.$/);
  });

  it('come out as plain masked outputs or not at all, whatever the statement', () => {
    const columns = fc.constantFrom(
      'customers.email',
      'customers.birth_date',
      'cards.number',
      'customers.id',
      'orders.note',
    );
    const masked = (name: string) => name !== 'customers.id';
    const outputs = fc.array(fc.record({ flow: fc.array(columns, { maxLength: 2 }), plain: fc.boolean() }), {
      maxLength: 4,
    });
    const uses = fc.array(fc.record({ name: columns, place: fc.constantFrom(...everyPlace) }), { maxLength: 2 });
    const actions = fc.constantFrom('select', 'explain', 'insert', 'update', 'ddl', 'drop', 'truncate', 'copy', 'call');
    fc.assert(
      fc.property(outputs, uses, actions, fc.boolean(), (list, used, action, writes) => {
        const verdict = decide(
          input({
            principal: principal('engineers'),
            connection: connection('staging'),
            facts: facts({ action, effects: writes ? ['reads', 'writes'] : ['reads'] }),
            lineage: traced(
              list.map(({ flow, plain: isPlain }) => (isPlain ? plain('o', ...flow) : computed('o', ...flow))),
              used.map(({ name, place }) => use(name, place)),
            ),
          }),
        );
        if (verdict.verdict !== 'allow') return true;
        const covered = new Set(verdict.masks.map((mask) => mask.output));
        const leaking = list.some(({ flow, plain: isPlain }, index) => {
          const shown = action !== 'explain' && !covered.has(index);
          return flow.some(masked) && (!isPlain || shown);
        });
        return !leaking && !used.some(({ name }) => masked(name));
      }),
      { numRuns: 500 },
    );
  });

  it('leaves a use of a column that is not masked alone', () => {
    expect(said(decide(input(select([plain('id', 'customers.id')], [use('customers.country', 'predicate')]))))).toBe(
      'allow',
    );
  });

  it('explains a mask in one sentence with class, rule and what lifts it', () => {
    const verdict = decide(input(select([plain('email', 'customers.email')])));
    expect(verdict.verdict === 'allow' && verdict.masks[0]).toEqual({
      output: 0,
      name: 'email',
      column: { schema: 'public', relation: 'customers', column: 'email' },
      class: 'email',
      group: 'pii',
      masker: { kind: 'email' },
      rule: { id: 'pii-masked', effect: 'require' },
      liftedBy: ['unmask'],
      sentence: 'masked: e-mail address (pii), rule pii-masked; the grant unmask lifts it',
    });
  });

  it('says of a detected column that it looks like what it was taken for', () => {
    const verdict = decide(input(select([plain('note', 'orders.note')])));
    expect(verdict.verdict === 'allow' && verdict.masks[0]?.sentence).toMatch(
      /^masked: looks like e-mail address \(pii\)/,
    );
  });

  it('puts the approval a write needs before what else is wrong with it', () => {
    const facts = write('update', [relation('customers', 'write')]);
    const lineage = traced([], [use('customers.email', 'predicate')]);
    expect(said(decide(input({ facts, lineage, principal: principal('engineers') })))).toBe(
      'approval-needed masked-column-used',
    );
  });
});

function byEffect(one: { readonly id: string }, other: { readonly id: string }): number {
  const order = ['common-limits', 'pii-masked', 'writes-approved', 'engineers-production'];
  return order.indexOf(one.id) - order.indexOf(other.id);
}
