/** Statements, askers and policies for tests of decisions, without a database. */
import { type Principal } from '../../identity/principal.ts';
import { classifiedColumns, readClassification } from '../../policy/classification.ts';
import { compiled } from '../../policy/testing.ts';
import { type Connection } from '../../profile/types.ts';
import { type DecideInput } from '../decide.ts';
import { type Facts, type Lineage, type OutputLineage } from '../facts.ts';
import { type Verdict } from '../verdict.ts';

const CLASSIFICATION = `version: 1
detect: off
classes:
  email: { group: pii, masker: email, title: e-mail address }
  phone: { group: pii, masker: redact, title: phone number }
columns:
  - classes: { public.customers.email: email, public.customers.phone: phone }
`;

export const NOW = new Date('2026-03-02T09:00:00Z');

export const shop: Connection = {
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

export const ana: Principal = {
  issuer: 'https://login.example.com',
  subject: '1',
  name: 'Ana',
  email: 'ana@shop.example',
  groups: ['analysts'],
  verified: true,
  authenticatedAt: '2026-03-02T08:00:00Z',
};

export const scout: Principal = { ...ana, agent: { id: 'scout', name: 'Scout', token: 't1' } };

export const nightly: Principal = {
  issuer: 'https://login.example.com',
  subject: 'nightly-client',
  name: 'Nightly',
  groups: [],
  verified: true,
  authenticatedAt: '2026-03-02T08:00:00Z',
  service: { name: 'nightly' },
};

const head = `version: 1
groups: { analysts: [analysts], engineers: [engineers], dba: [dba], reporting: [reporting] }
agents: { scout: { title: Scout, for: group:analysts, maxMinutes: 60 } }
services: { nightly: { title: Nightly, groups: [reporting], client: nightly-client, maxMinutes: 60 } }
grants:
  unmask: { for: group:analysts, approval: none, maxMinutes: 30 }
  wide: { for: group:analysts, approval: none, maxMinutes: 30 }
rules:
  - { id: read, allow: [read, write] }
`;

/** A policy by which everybody may read and write, and the rules of a test. */
export const policyWith = (...rules: readonly string[]): DecideInput['policy'] =>
  compiled(`${head}${rules.map((rule) => `  - ${rule}\n`).join('')}`, {
    classes: [
      { name: 'email', group: 'pii' },
      { name: 'phone', group: 'pii' },
    ],
    connections: [shop],
  });

const read = readClassification(CLASSIFICATION, ['shop']);
if (!read.ok) throw new Error('classification');
const classification = classifiedColumns(read.classification, 'shop', undefined);

export const facts: Facts = {
  action: 'select',
  title: 'SELECT',
  effects: ['reads'],
  relations: [{ schema: 'public', name: 'customers', access: 'read' }],
  columns: [],
  functions: [],
  operators: [],
  casts: [],
  types: [],
  normalized: '',
  fingerprint: '',
  hazards: [],
};

const output = (name: string, derivation: OutputLineage['derivation']): OutputLineage => ({
  name,
  flow: [{ schema: 'public', relation: 'customers', column: name }],
  derivation,
});

/** SELECT of these columns of customers. */
export const selecting = (columns: readonly string[], derivation: OutputLineage['derivation'] = 'plain'): Lineage => ({
  outputs: columns.map((name) => output(name, derivation)),
  uses: [],
  relations: [],
  hazards: [],
});

/** Ana reads ids and addresses of customers. */
export function asked(policy: DecideInput['policy'], change: Partial<DecideInput> = {}): DecideInput {
  return {
    facts,
    lineage: selecting(['id', 'email']),
    principal: ana,
    connection: shop,
    policy,
    classification,
    now: NOW,
    grants: [],
    ...change,
  };
}

/** `allow`, or the codes of the reasons. */
export const codesOf = (
  verdict: Pick<Verdict, 'verdict'> & { readonly reasons?: readonly { readonly code: string }[] },
) => (verdict.verdict === 'allow' ? 'allow' : (verdict.reasons ?? []).map(({ code }) => code).join(' '));
