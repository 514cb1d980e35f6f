/** Who asks, what they have to give, and what leaves: decided by the gate, made again by the verifier, and changed in the record. */
import { describe, expect, it } from 'vitest';
import { newDecisionCheck } from '../../verify/decision-check.ts';
import { type RecordedEvent } from '../audit/events.ts';
import { type Principal } from '../identity/principal.ts';
import { attackCatalog } from './corpus/testing/attack-corpus.ts';
import { type DecideInput } from './decide.ts';
import { policyLoadOf } from './record-policy.ts';
import { checkedEvents, recordedDecision } from './testing/recorded.ts';
import { connection, person, profileOf } from './testing/recorded-profile.ts';

const POLICY = `version: 1
groups: { analysts: [idp-analysts], engineers: [idp-engineers], reporting: [idp-reporting], dba: [idp-dba] }
agents: { scout: { for: group:analysts, maxMinutes: 60 } }
services: { nightly: { groups: reporting, client: nightly-client } }
grants: { open: { for: group:analysts, approval: none, maxMinutes: 30, in: { env: production } } }
rules:
  - { id: people-read, allow: read, to: [group:analysts, group:engineers, group:reporting] }
  - { id: scout-reads, allow: read, to: agent:scout }
  - { id: change, allow: write, to: group:engineers }
  - { id: masks, require: { mask: { pii: partial } }, unless: { grant: open } }
  - { id: fresh, require: { stepUp: { minutes: 5 }, reason: true }, on: write }
  - { id: fewer, require: { limits: { rows: 100, rowsPerHour: 1000 } }, to: [agent, service] }
  - { id: marked, require: { watermark: true }, to: [group:analysts, service] }
  - { id: stays, deny: export, to: agent }
  - { id: big-exports, require: { approval: { from: owner-team, within: group:dba } }, on: export, when: rows.estimate > 1000 }
  - { id: hour, deny: read, to: service, when: usage.rowsLastHour >= 500 }
`;
const CLASSIFICATION = `version: 1
classes: { email: { group: pii, masker: email } }
columns: [{ classes: { public.customers.email: email } }]
`;
const profile = profileOf(POLICY, CLASSIFICATION);
const index = attackCatalog();
const load = policyLoadOf(profile);

const scout = { agent: { id: 'scout', name: 'Scout' } };

type Mutable = Record<string, unknown>;

async function decided(text: string, who: Principal, more: Partial<DecideInput> = {}) {
  const { verdict, intent } = await recordedDecision(text, index, profile, who, connection, more);
  const event = more.reason === undefined ? intent : { ...intent, why: { reason: more.reason } };
  /** What the verifier finds once somebody has changed the record, who can write it anew with all its hashes. */
  const found = (change: (input: Mutable, event: Mutable) => void = () => undefined): readonly string[] => {
    const changed = structuredClone(event) as unknown as Mutable;
    const pol = changed['pol'] as Mutable;
    const input = JSON.parse(String((pol['input'] as Mutable)['text'])) as Mutable;
    change(input, changed);
    pol['input'] = { text: JSON.stringify(input) };
    const kind = verdict.verdict === 'allow' ? 'stmt.intent' : 'stmt.denied';
    const recorded = { k: kind, ...changed } as unknown as RecordedEvent;
    return checkedEvents(newDecisionCheck(), [load, recorded]).findings.map(({ code }) => code);
  };
  return { verdict, found };
}

const allowedOf = (input: Mutable): Mutable => input['allowed'] as Mutable;
const READ = 'SELECT id, email FROM customers';
const WRITE = "INSERT INTO orders (id, note) VALUES (1, 'x')";
const given = { reason: 'a customer asked for it' };
const provedAt = (time: string): Partial<Principal> => ({ steppedUpAt: `2026-03-02T${time}Z` });

describe('a write that wants a reason and a fresh sign-in', () => {
  it('is allowed with both, and the verifier agrees', async () => {
    const { verdict, found } = await decided(WRITE, person(['idp-engineers'], provedAt('09:56:00')), given);
    expect(verdict.verdict).toBe('allow');
    expect(found()).toEqual([]);
  });

  it('is refused without, and the verifier agrees', async () => {
    const { verdict, found } = await decided(WRITE, person(['idp-engineers'], provedAt('09:54:00')));
    expect(verdict).toMatchObject({
      verdict: 'refuse',
      reasons: [{ code: 'reason-needed' }, { code: 'step-up-needed' }],
    });
    expect(found()).toEqual([]);
  });

  it.each([
    [
      'the proof is older than the rule allows',
      (input: Mutable) => {
        (input['person'] as Mutable)['steppedUpAt'] = '2026-03-02T09:54:00Z';
      },
    ],
    [
      'the proof is of a time yet to come',
      (input: Mutable) => {
        (input['person'] as Mutable)['steppedUpAt'] = '2026-03-02T10:30:00Z';
      },
    ],
    [
      'there is no proof',
      (input: Mutable) => {
        delete (input['person'] as Mutable)['steppedUpAt'];
      },
    ],
    [
      'there is no reason',
      (_input: Mutable, event: Mutable) => {
        delete event['why'];
      },
    ],
    [
      'the reason is a blank',
      (_input: Mutable, event: Mutable) => {
        event['why'] = { reason: ' - ' };
      },
    ],
  ] as const)('is a finding where %s', async (_what, change) => {
    const { found } = await decided(WRITE, person(['idp-engineers'], provedAt('09:56:00')), given);
    expect(found(change)).toEqual(['decision-obligation']);
  });
});

describe('a read by an agent', () => {
  it('is bound as the policy says, and the verifier agrees', async () => {
    const { verdict, found } = await decided(READ, person(['idp-analysts'], scout), { rowsLastHour: 10 });
    expect(verdict).toMatchObject({ verdict: 'allow', leaving: { kind: 'no' }, rowsPerHour: { value: 1000 } });
    expect(found()).toEqual([]);
  });

  it.each([
    [
      'another agent',
      (input: Mutable, event: Mutable) => {
        input['agent'] = 'crawler';
        ((event['actor'] as Mutable)['agent'] as Mutable)['id'] = 'crawler';
      },
      'decision-answer',
    ],
    [
      'a person whom the agent is not for',
      (input: Mutable, event: Mutable) => {
        (input['person'] as Mutable)['groups'] = ['idp-engineers'];
        ((event['actor'] as Mutable)['user'] as Mutable)['groups'] = ['idp-engineers'];
      },
      'decision-answer',
    ],
    [
      'a result that might leave',
      (input: Mutable) => {
        allowedOf(input)['leaving'] = 'yes';
      },
      'decision-obligation',
    ],
    [
      'more rows in an hour',
      (input: Mutable) => {
        allowedOf(input)['rowsPerHour'] = 2000;
      },
      'decision-limit',
    ],
    [
      'any number of rows in an hour',
      (input: Mutable) => {
        delete allowedOf(input)['rowsPerHour'];
      },
      'decision-limit',
    ],
    [
      'a result without watermark',
      (input: Mutable) => {
        delete allowedOf(input)['watermark'];
      },
      'decision-obligation',
    ],
  ] as const)('recorded as of %s is a finding', async (_what, change, code) => {
    const { found } = await decided(READ, person(['idp-analysts'], scout));
    expect(found(change)).toContain(code);
  });

  it('is refused for an agent that the policy does not name, and the verifier agrees', async () => {
    const { verdict, found } = await decided(READ, person(['idp-analysts'], { agent: { id: 'crawler', name: 'C' } }));
    expect(verdict.verdict).toBe('refuse');
    expect(found()).toEqual([]);
  });
});

describe('a read by a service', () => {
  const service = (groups: Principal['groups'] = []) => person(groups, { service: { name: 'nightly' } });

  it('is decided by the groups that the policy gives it, and the verifier agrees', async () => {
    const { verdict, found } = await decided(READ, service(['idp-engineers']), { rowsLastHour: 10 });
    expect(verdict).toMatchObject({ verdict: 'allow', rowsPerHour: { value: 1000 } });
    expect(found()).toEqual([]);
  });

  it.each([[500], [undefined]])(
    'is refused once it has had %s rows in the hour, and the verifier agrees',
    async (rows) => {
      const { verdict, found } = await decided(READ, service(), rows === undefined ? {} : { rowsLastHour: rows });
      expect(verdict.verdict).toBe('refuse');
      expect(found()).toEqual([]);
    },
  );

  it('is a finding where fewer rows are recorded than it had', async () => {
    const { found } = await decided(READ, service(), { rowsLastHour: 500 });
    expect(found((input) => (input['rowsLastHour'] = 10))).toContain('decision-answer');
  });

  it('is a finding where another service is recorded, or a person in its place', async () => {
    const { found } = await decided(READ, service(), { rowsLastHour: 10 });
    expect(found((input) => (input['service'] = 'deploy'))).toContain('decision-asker');
    expect(found((input) => delete input['service'])).toContain('decision-asker');
  });
});

describe('what a grant shows', () => {
  const granted = {
    grants: ['open'],
    granted: [{ id: 'g1', name: 'open', until: '2026-03-02T10:00:30Z' }],
  };

  it('is in clear, ends with the grant, and the verifier agrees', async () => {
    const { verdict, found } = await decided(READ, person(['idp-analysts']), granted);
    expect(verdict).toMatchObject({ verdict: 'allow', masks: [], limits: { statementTimeout: 30_000 } });
    expect(found()).toEqual([]);
  });

  it('is a finding where no grant is recorded, or none of the asker’s', async () => {
    const { found } = await decided(READ, person(['idp-analysts']), granted);
    expect(found((input) => (input['grants'] = []))).toContain('decision-mask');
    expect(found((input) => (input['grants'] = ['other']))).toContain('decision-mask');
  });

  it('is a finding where it ran for longer than the policy allows', async () => {
    const { found } = await decided(READ, person(['idp-analysts']), granted);
    const longer = { rows: 2_000_000, bytes: 1024 ** 3, ms: 120_001 };
    expect(found((input) => (allowedOf(input)['left'] = longer))).toContain('decision-limit');
  });
});

describe('whether rows may leave', () => {
  it('depends on how many they are, and the verifier agrees', async () => {
    const { verdict, found } = await decided('SELECT id FROM orders', person(['idp-engineers']));
    expect(verdict).toMatchObject({ verdict: 'allow', leaving: { kind: 'asked-then' } });
    expect(found()).toEqual([]);
    expect(found((input) => (allowedOf(input)['leaving'] = 'yes'))).toEqual(['decision-obligation']);
  });

  it('is not asked of records from before it was a question', async () => {
    const { found } = await decided('SELECT id FROM orders', person(['idp-engineers']));
    expect(found((input) => delete allowedOf(input)['leaving'])).toEqual([]);
  });
});
