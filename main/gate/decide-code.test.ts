import { describe, expect, it } from 'vitest';
import { type Principal } from '../identity/principal.ts';
import { classifiedColumns, readClassification } from '../policy/classification.ts';
import { compilePolicy } from '../policy/compile.ts';
import { type Connection } from '../profile/types.ts';
import { decide } from './decide.ts';
import { type CodeUse, type Facts, type Lineage } from './facts.ts';
import { type Verdict } from './verdict.ts';

const CLASSIFICATION = `version: 1
detect: off
classes:
  ssn: { group: pii, masker: redact, title: social security number }
columns:
  - classes: { public.customers.ssn: ssn }
`;

const POLICY = `version: 1
groups: { analysts: [analysts], security: [security], clerks: [clerks] }
rules:
  - { id: analysts-read, allow: read, to: [group:analysts, group:security] }
  - { id: clerks-read, allow: read, to: group:clerks, in: { table: orders } }
  - { id: masked, require: { mask: { pii: redact } }, unless: { group: security } }
functions:
  - { name: app.pure, treat: pure }
  - { name: app.report, treat: reads }
  - { name: app.touch, treat: contained }
`;

const read = readClassification(CLASSIFICATION, []);
if (!read.ok) throw new Error(JSON.stringify(read));
const { classification } = read;
const compiled = compilePolicy(POLICY, { classes: [{ name: 'ssn', group: 'pii' }], connections: [] });
if (!compiled.ok) throw new Error(JSON.stringify(compiled));
const { policy } = compiled;

const connection: Connection = {
  name: 'shop',
  title: 'Shop',
  engine: 'postgres',
  environment: 'production',
  host: '127.0.0.1',
  port: 5432,
  database: 'shop',
  user: 'gate',
  tls: 'disable',
  searchPath: ['public'],
};

function person(group: string): Principal {
  return {
    issuer: 'https://login.example.com',
    subject: '1',
    name: 'Ana',
    groups: [group],
    verified: true,
    authenticatedAt: '2026-03-02T08:00:00Z',
  };
}

function calling(name: string): CodeUse {
  const hazard = {
    code: 'user-function',
    sentence: `app.${name}(text) is written in plpgsql: what it reads or changes is not known.`,
    next: 'Write it without.',
    span: { start: 7, end: 12 },
  };
  const opaque = { schema: 'app', name, args: ['text'], typeNames: ['text'], compiled: false, hazard };
  return { kind: 'function', oid: 20_000, opaque };
}

/** Run by a trigger whose rows have these columns, or by a default. */
function fired(name: string, by: 'trigger' | 'definition', ...columns: readonly string[]): CodeUse {
  const { opaque, ...use } = calling(name);
  if (opaque === undefined) throw new Error('it is opaque');
  const row = columns.map((column) => ({ schema: 'public', relation: 'customers', column }));
  return { ...use, opaque: { ...opaque, fired: { by, row } } };
}

function verdictFor(group: string, code: readonly CodeUse[], uses: Lineage['uses'] = []): Verdict {
  const relations = [{ schema: 'public', name: 'orders', access: 'read' as const }];
  const facts: Facts = {
    action: 'select',
    title: 'SELECT',
    effects: ['reads'],
    relations,
    functions: [],
    columns: [],
    operators: [],
    casts: [],
    types: [],
    normalized: '',
    fingerprint: '',
    hazards: [],
  };
  return decide({
    facts,
    lineage: { outputs: [], uses, relations, hazards: [], code },
    principal: person(group),
    connection,
    policy,
    classification: classifiedColumns(classification, connection.name, undefined),
    now: new Date('2026-03-02T10:00:00Z'),
    grants: [],
  });
}

const codes = (verdict: Verdict): readonly string[] =>
  verdict.verdict === 'allow' ? [] : verdict.reasons.map(({ code }) => code);

describe('code that nothing here can read', () => {
  it('is refused in the words of where it was found', () => {
    expect(verdictFor('analysts', [calling('unknown')])).toMatchObject({
      verdict: 'refuse',
      reasons: [
        { code: 'user-function', sentence: expect.stringMatching(/^app\.unknown/) as string, span: { start: 7 } },
      ],
    });
  });

  it('runs where the policy calls it pure', () => {
    expect(verdictFor('analysts', [calling('pure')]).verdict).toBe('allow');
  });

  it('called pure still may not be given a masked column', () => {
    const column = { schema: 'public', relation: 'customers', column: 'ssn' };
    expect(codes(verdictFor('analysts', [calling('pure')], [{ column, place: 'argument' }]))).not.toEqual([]);
  });

  it('that may read anything is refused to whom a column is masked', () => {
    expect(codes(verdictFor('analysts', [calling('report')]))).toEqual(['code-reads']);
  });

  it('that may read anything is refused to whom some tables are not given', () => {
    expect(codes(verdictFor('clerks', [calling('report')]))).toEqual(['code-reads']);
  });

  it('that may read anything runs for somebody from whom nothing is kept', () => {
    expect(verdictFor('security', [calling('report')]).verdict).toBe('allow');
  });

  it('is refused by one unknown function beside known ones', () => {
    expect(codes(verdictFor('security', [calling('pure'), calling('unknown'), calling('report')]))).toEqual([
      'user-function',
    ]);
  });

  it('that was read is no reason', () => {
    expect(verdictFor('analysts', [{ kind: 'function', oid: 20_001 }]).verdict).toBe('allow');
  });
});

describe('code that a write runs by itself', () => {
  it.each([
    ['refuse', 'a trigger that nobody reviewed', fired('unknown', 'trigger', 'id')],
    ['refuse', 'a default that nobody reviewed', fired('unknown', 'definition')],
    ['refuse', 'a trigger that only computes, over rows with a masked column', fired('pure', 'trigger', 'id', 'ssn')],
    ['allow', 'a trigger that only computes, over rows with nothing masked', fired('pure', 'trigger', 'id')],
    ['allow', 'a default that only computes', fired('pure', 'definition')],
    ['refuse', 'a default that may read anything', fired('report', 'definition')],
    ['allow', 'a trigger of which nothing gets out', fired('touch', 'trigger', 'id', 'ssn')],
    ['refuse', 'what is known to be contained as a trigger, and is called', calling('touch')],
  ] as const)('is for somebody with a mask in force: %s %s', (outcome, _title, code) => {
    expect(verdictFor('analysts', [code]).verdict).toBe(outcome);
  });

  it('is the choice of who owns the table for somebody from whom nothing is masked', () => {
    expect(verdictFor('security', [fired('unknown', 'trigger', 'ssn')]).verdict).toBe('allow');
  });

  it('counts masks that are in force on tables that somebody may not read', () => {
    const verdict = verdictFor('clerks', [fired('unknown', 'trigger', 'id')]);
    expect(verdict).toMatchObject({
      verdict: 'refuse',
      reasons: [{ sentence: expect.stringMatching(/masked for you here/) as string }],
    });
  });
});
