import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.ts';
import { askerAs, questionOf, titleOf } from './situation.ts';
import { compiled } from './testing.ts';

const policy = compiled(`version: 1
timezone: Europe/Berlin
groups: { analysts: [shared, /analysts], engineers: [shared, /engineers], everybody: [shared] }
agents:
  aid: { for: group:engineers, maxMinutes: 5 }
  scout: { for: group:analysts, maxMinutes: 5 }
services: { nightly: { client: c }, deploy: { client: d } }
rules: [{ id: read, allow: read }]
`);

describe('who is asked as', () => {
  it.each([
    [['everyone'], { groups: [], verified: true }],
    // A name of the provider's that puts them in no other group of the policy.
    [['group:analysts'], { groups: ['/analysts'], verified: true }],
    [['group:everybody'], { groups: ['shared'], verified: true }],
    [['group:analysts', 'person:a@b.c'], { groups: ['/analysts'], verified: true, email: 'a@b.c' }],
    [['group:analysts', 'agent:aid'], { groups: ['/analysts'], verified: true, agent: { id: 'aid' } }],
    // The first that is for them.
    [['group:analysts', 'agent'], { groups: ['/analysts'], verified: true, agent: { id: 'scout' } }],
    [['group:everybody', 'agent'], { groups: ['shared'], verified: true, agent: { id: 'aid' } }],
    [['agent'], { groups: [], verified: true, agent: { id: 'agent' } }],
    [['service:nightly'], { groups: [], verified: true, service: { name: 'nightly' } }],
    [['service'], { groups: [], verified: true, service: { name: 'deploy' } }],
  ])('%j', (words, expected) => {
    expect(askerAs(policy, words)).toEqual(expected);
  });

  it('a service where there is none, which may do nothing', () => {
    const none = compiled('version: 1\nrules: [{ id: read, allow: read }]\n');
    const asked = questionOf(none, { as: ['service'], do: 'select', on: {} });
    expect(evaluate(none, asked).effect).toBe('deny');
  });
});

describe('what is asked', () => {
  it('is about production, no table and noon on a Monday where nothing else is said', () => {
    expect(questionOf(policy, { as: ['everyone'], do: 'select', on: {} })).toEqual({
      action: 'select',
      asker: { groups: [], verified: true },
      connection: { name: '', environment: 'production', database: '' },
      relation: 'none',
      grants: [],
      now: new Date('2026-03-02T12:00:00Z'),
    });
  });

  it('is about what is said, at the policy’s own time', () => {
    const situation = {
      as: ['everyone'],
      do: 'export',
      on: { connection: 'shop', table: 'crm.people' },
      at: '2026-07-01T09:00',
      rows: 7,
      usage: 9,
    } as const;
    expect(questionOf(policy, { ...situation, as: [...situation.as] })).toMatchObject({
      connection: { name: 'shop', environment: 'production', database: 'shop', team: 'payments' },
      relation: { schema: 'crm', name: 'people' },
      now: new Date('2026-07-01T07:00:00Z'),
      estimatedRows: 7,
      rowsLastHour: 9,
    });
    expect(titleOf({ ...situation, as: [...situation.as], grants: ['unmask'] })).toBe(
      'everyone: export on shop crm.people, with unmask, 7 rows, 9 rows in the last hour, at 2026-07-01T09:00',
    );
  });
});
