import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classify, parseColumn } from '../../policy/classification.ts';
import { runPolicyTests } from '../../policy/policy-tests.ts';
import { readProfile } from '../../profile/load.ts';
import { type SecretReference } from '../../profile/types.ts';
import { connectionsYaml, organisationYaml } from './templates.ts';

const text = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

const record = {
  store: '/demonstration/record-store',
  witness: { url: 'http://127.0.0.1:4001', key: 'countersign.local/demonstration-witness+0a1b2c3d+BGtleQ==' },
};

const profile = readProfile('/demonstration', {
  organisation: organisationYaml(
    {
      issuer: 'http://127.0.0.1:4000',
      clientId: 'countersign',
      scopes: ['openid', 'profile', 'email', 'groups'],
      secondFactorAcr: 'urn:second-factor',
      service: { clientId: 'nightly-report', key: 'file:demonstration/idp/nightly-report.jwk' as SecretReference },
      secrets: 'file',
    },
    record,
  ),
  connections: connectionsYaml({
    host: '127.0.0.1',
    port: 5433,
    staging: { user: 'gate_staging', password: 'file:secrets/staging' as SecretReference },
    production: { user: 'gate_production', password: 'keyring:connection-production' as SecretReference },
  }),
  classification: text('./classification.yaml'),
  policy: text('./policy.yaml'),
});

describe('the demonstration’s organisation', () => {
  it('has a staging and a production connection to the shop', () => {
    expect(
      profile.connections.map(({ name, title, environment, database }) => [name, title, environment, database]),
    ).toEqual([
      ['staging', 'Shop staging', 'staging', 'shop_staging'],
      ['production', 'Shop production', 'production', 'shop_production'],
    ]);
  });

  it('has its record copied, witnessed, and looked at by security', () => {
    expect(profile.organisation.record).toMatchObject({
      store: { kind: 'directory', path: record.store },
      witnesses: [record.witness],
      quorum: 1,
      reviewers: ['security'],
    });
  });

  it('passes the tests that its policy carries', () => {
    const results = runPolicyTests(profile.policy);
    expect(results.length).toBeGreaterThan(10);
    expect(results.filter((result) => !result.passed)).toEqual([]);
  });

  it.each(['staging', 'production'])('classifies every personal column of the shop on %s', (connection) => {
    const classOf = (name: string) => {
      const column = parseColumn(name);
      return column && classify(profile.classification, connection, column)?.masker.kind;
    };
    expect(classOf('public.customers.email')).toBe('email');
    expect(classOf('public.customers.phone')).toBe('phone');
    expect(classOf('public.customers.national_id')).toBe('keep-last');
    expect(classOf('public.customers.birth_date')).toBe('null');
    expect(classOf('public.addresses.street')).toBe('redact');
    expect(classOf('public.cards.number')).toBe('card');
    expect(classOf('public.customers.name')).toBeUndefined();
  });

  it('classifies only columns that the shop has', () => {
    const schema = text('../shop/schema.sql');
    for (const columns of profile.classification.columns.values()) {
      for (const key of columns.keys()) {
        const [, relation, column] = key.split('\0');
        const table = new RegExp(`CREATE TABLE ${relation} \\(([^;]*)\\);`).exec(schema)?.[1];
        expect(table, key).toMatch(new RegExp(`^\\s+${column}\\s`, 'm'));
      }
    }
  });

  it('quotes what it is given, so that a value cannot become another key', () => {
    const yaml = organisationYaml(
      {
        issuer: 'http://localhost:1',
        clientId: 'a\nsecrets: none',
        scopes: ['openid'],
        secondFactorAcr: 'x"]\nsecrets: none',
        service: { clientId: 'b', key: 'file:b' as SecretReference },
        secrets: 'file',
      },
      record,
    );
    expect(yaml.split('\n').filter((line) => line.startsWith('secrets:'))).toEqual(['secrets: file']);
  });
});
