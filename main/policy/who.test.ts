import { describe, expect, it } from 'vitest';
import { type Asker } from './answer.ts';
import { mayTake, grantTerms } from './grants.ts';
import { evaluate } from './evaluate.ts';
import { compiled, question, testContext } from './testing.ts';
import { isOf } from './who.ts';

const policy = compiled(`version: 1
groups: { analysts: [/analysts, /research], oncall: [/oncall], dba: [/dba] }
agents:
  scout: { title: Scout, for: [group:analysts, 'person:Eli@shop.example'], maxMinutes: 60 }
services:
  nightly: { title: Nightly report, groups: analysts, client: nightly-client, maxMinutes: 120 }
  deploy:
    issuer: https://token.actions.githubusercontent.com
    audience: countersign
    when: claims.repository == "acme/shop" && claims.ref.startsWith("refs/tags/") && !(claims.fork == true)
grants:
  unmask:
    for: [group:analysts, agent:scout]
    in: { env: production, table: 'cust*' }
    approval: { from: [group:dba, owner-team], within: group:oncall, count: 2 }
    maxMinutes: 30
    text: for a case
  break-glass: { for: group:oncall, approval: none, maxMinutes: 60, stepUp: { minutes: 5 }, alert: dba }
  look: { for: everyone, maxMinutes: 5, stepUp: true, reason: false }
rules:
  - { id: read, allow: read, to: [group:analysts, agent] }
  - { id: masked, require: { mask: { pii: partial } }, unless: { grant: unmask } }
`);
const ana: Asker = { groups: ['/research'], verified: true, email: 'ana@shop.example' };
const [, , shop] = testContext.connections;
const [dev] = testContext.connections;
if (shop === undefined || dev === undefined) throw new Error('connections');

describe('who an agent is for', () => {
  const scout = policy.agents.get('scout');
  const isFor = (asker: Asker): boolean => scout !== undefined && isOf(policy, scout.for, asker);

  it.each<readonly [string, Asker, boolean]>([
    ['somebody of a group, by any of the provider’s names', ana, true],
    ['somebody by their address, in any case', { groups: [], verified: true, email: 'ELI@SHOP.example' }, true],
    ['somebody of another group', { groups: ['/dba'], verified: true }, false],
    ['somebody whose groups are not known', { groups: 'unknown', verified: true }, false],
    ['a service, though it is in the group', { groups: [], verified: true, service: { name: 'nightly' } }, true],
    [
      'a service that claims the address',
      { ...ana, groups: [], email: 'eli@shop.example', service: { name: 'deploy' } },
      false,
    ],
  ])('%s', (_who, asker, expected) => {
    expect(isFor(asker)).toBe(expected);
  });
});

describe('a grant', () => {
  it('has its terms in words', () => {
    expect(grantTerms(policy, 'unmask')).toEqual({
      name: 'unmask',
      maxMinutes: 30,
      reason: true,
      approval: "2 people of dba or the connection's own team who are in oncall too",
      alert: [],
      text: 'for a case',
    });
    expect(grantTerms(policy, 'break-glass')).toEqual({
      name: 'break-glass',
      maxMinutes: 60,
      reason: true,
      stepUpMinutes: 5,
      alert: ['dba'],
    });
    expect(grantTerms(policy, 'look')).toMatchObject({ reason: false, stepUpMinutes: 15 });
    expect(grantTerms(policy, 'gone')).toBeUndefined();
  });

  it.each<readonly [string, Asker, typeof shop, string, boolean]>([
    ['whom it is for, where it may be used', ana, shop, 'unmask', true],
    ['nobody at another place', ana, dev, 'unmask', false],
    ['nobody whose groups are not known', { ...ana, groups: 'unknown' }, shop, 'unmask', false],
    ['nobody else', { ...ana, groups: ['/dba'] }, shop, 'unmask', false],
    ['no agent, though the grant names it', { ...ana, agent: { id: 'scout' } }, shop, 'unmask', false],
    ['no service, though it is in the group', { ...ana, service: { name: 'nightly' } }, shop, 'unmask', false],
    ['no service, though it is for everyone', { ...ana, service: { name: 'nightly' } }, shop, 'look', false],
    ['nobody where the policy has none of the name', ana, shop, 'gone', false],
  ])('is taken by %s', (_who, asker, connection, name, expected) => {
    expect(mayTake(policy, asker, connection, name)).toBe(expected);
  });

  const masks = (asker: Asker, table: string, connection = shop): boolean =>
    evaluate(policy, question({ asker, connection, relation: { schema: 'public', name: table }, grants: ['unmask'] }))
      .obligations.masks.size > 0;

  it('lifts only where it may be used', () => {
    expect(masks(ana, 'customers')).toBe(false);
    expect(masks(ana, 'orders')).toBe(true);
    expect(masks(ana, 'customers', dev)).toBe(true);
  });

  it('lifts nothing on tables that are not named, which may be others', () => {
    const asked = question({ asker: ana, connection: shop, relation: 'unknown', grants: ['unmask'] });
    expect(evaluate(policy, asked).obligations.masks.size).toBe(1);
  });

  it('lifts for an agent that it names, and for no other', () => {
    expect(masks({ ...ana, agent: { id: 'scout' } }, 'customers')).toBe(false);
    const other = evaluate(
      { ...policy, agents: new Map() },
      question({
        asker: { ...ana, agent: { id: 'crawler' } },
        connection: shop,
        relation: { schema: 'public', name: 'customers' },
        grants: ['unmask'],
      }),
    );
    expect(other.obligations.masks.size).toBe(1);
  });
});

describe('a service', () => {
  const known = policy.services.get('deploy')?.known;
  const accepts = (claims: Record<string, unknown>): boolean | 'failed' | undefined =>
    known?.by === 'token' ? known.accepts(claims) : undefined;
  const right = { repository: 'acme/shop', ref: 'refs/tags/v1', fork: false };

  it.each<readonly [string, Record<string, unknown>, boolean | 'failed']>([
    ['as they have to be', right, true],
    ['with more that nobody asks for', { ...right, actor: 'eli', nested: { x: [1, null] } }, true],
    ['of another repository', { ...right, repository: 'acme/shop2' }, false],
    ['of a branch', { ...right, ref: 'refs/heads/tags' }, false],
    ['without one that is asked for', { repository: 'acme/shop', ref: 'refs/tags/v1' }, 'failed'],
    ['with null for one', { ...right, ref: null }, 'failed'],
    ['with a list for one', { ...right, ref: ['refs/tags/v1'] }, 'failed'],
    ['with a number for one', { ...right, repository: 7 }, false],
    ['with a map for one', { ...right, repository: { toString: 'acme/shop' } }, false],
    ['that say so of the prototype only', Object.create(right) as Record<string, unknown>, 'failed'],
    ['of nothing', {}, 'failed'],
  ])('is known by its claims: %s', (_what, claims, expected) => {
    const found = accepts(claims);
    expect(found === true).toBe(expected === true);
  });

  it('is known by its client, and carries its title and time', () => {
    expect(policy.services.get('nightly')).toMatchObject({
      title: 'Nightly report',
      maxMinutes: 120,
      known: { by: 'client', clientId: 'nightly-client' },
    });
    expect(policy.services.get('deploy')).toMatchObject({ title: 'deploy', maxMinutes: 60, groups: new Set() });
  });
});
