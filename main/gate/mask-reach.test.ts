import { describe, expect, it } from 'vitest';
import { classifiedColumns, readClassification } from '../policy/classification.ts';
import { compilePolicy } from '../policy/compile.ts';
import { type Facts, type Lineage, type OpaqueCode } from './facts.ts';
import { maskReach } from './mask-reach.ts';

const CLASSIFICATION = `version: 1
detect: off
classes:
  ssn: { group: pii, masker: redact, title: social security number }
columns:
  - classes: { public.customers.ssn: ssn }
`;

const POLICY = `version: 1
groups: { analysts: [analysts], engineers: [engineers], clerks: [clerks] }
rules:
  - { id: all-read, allow: read, to: [group:analysts, group:engineers] }
  - { id: clerks-read, allow: read, to: group:clerks, in: { table: orders } }
  - { id: masked, require: { mask: { pii: redact } }, to: group:analysts }
`;

const read = readClassification(CLASSIFICATION, []);
if (!read.ok) throw new Error(JSON.stringify(read));
const compiled = compilePolicy(POLICY, { classes: [{ name: 'ssn', group: 'pii' }], connections: [] });
if (!compiled.ok) throw new Error(JSON.stringify(compiled));
const classification = classifiedColumns(read.classification, 'shop', undefined);
const { policy } = compiled;

const EMPTY: Facts = {
  action: 'select',
  title: 'SELECT',
  effects: ['reads'],
  relations: [],
  functions: [],
  columns: [],
  operators: [],
  casts: [],
  types: [],
  normalized: '',
  fingerprint: '',
  hazards: [],
};

function reach(group: string, relation: string, lineage?: Lineage): string {
  return maskReach({
    facts: { ...EMPTY, relations: [{ schema: 'public', name: relation, access: 'read' }] },
    lineage,
    principal: {
      issuer: 'https://login.example.com',
      subject: '1',
      name: 'Ana',
      groups: [group],
      verified: true,
      authenticatedAt: '2026-03-02T08:00:00Z',
    },
    connection: {
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
    },
    policy,
    classification,
    now: new Date('2026-03-02T10:00:00Z'),
    grants: [],
  });
}

describe('how near a statement is to what is kept from somebody', () => {
  it.each([
    ['engineers', 'customers', 'none', 'everything is in clear for them'],
    ['analysts', 'customers', 'touched', 'one of its columns is masked for them'],
    ['analysts', 'orders', 'elsewhere', 'a trigger of it could speak of masked columns'],
    ['clerks', 'orders', 'elsewhere', 'a constraint of it could show rows of tables they may not read'],
  ])('for %s over %s is %s: %s', (group, relation, expected) => {
    expect(reach(group, relation)).toBe(expected);
  });

  it('is touched by a column that is reached through a view', () => {
    const column = { schema: 'public', relation: 'customers', column: 'ssn' };
    const lineage: Lineage = {
      outputs: [{ name: 'ref', flow: [column], derivation: 'plain' }],
      uses: [],
      relations: [],
      hazards: [],
    };
    expect(reach('analysts', 'customer_refs', lineage)).toBe('touched');
  });

  const nothing: Lineage = { outputs: [], uses: [], relations: [], hazards: [] };

  it('is touched by a table that a write reaches by a foreign key', () => {
    const lineage: Lineage = { ...nothing, reached: [{ schema: 'public', name: 'customers' }] };
    expect(reach('analysts', 'orders', lineage)).toBe('touched');
  });

  it('is touched by code that nobody here has read, which can put any value into an error, unless nothing is masked', () => {
    const opaque: OpaqueCode = {
      schema: 'public',
      name: 'check_order',
      args: [],
      typeNames: [],
      compiled: false,
      hazard: { code: 'user-function', sentence: 'It is not read.' },
    };
    const lineage: Lineage = { ...nothing, code: [{ kind: 'function', oid: 16_400, opaque }] };
    expect(reach('analysts', 'orders', lineage)).toBe('touched');
    expect(reach('engineers', 'orders', lineage)).toBe('none');
  });
});
