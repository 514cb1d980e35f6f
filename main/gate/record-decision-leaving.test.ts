/** Rows that leave the screen: decided when they do, made again by the verifier, and changed in the record. */
import { describe, expect, it } from 'vitest';
import { newDecisionCheck } from '../../verify/decision-check.ts';
import { type RecordedEvent } from '../audit/events.ts';
import { type Principal } from '../identity/principal.ts';
import { attackCatalog } from './corpus/testing/attack-corpus.ts';
import { type DecideInput } from './decide.ts';
import { decideLeaving } from './decide-leaving.ts';
import { leavingInput } from './record-decision.ts';
import { policyLoadOf } from './record-policy.ts';
import { checkedEvents, recordedDecision } from './testing/recorded.ts';
import { connection, person, profileOf } from './testing/recorded-profile.ts';

const POLICY = `version: 1
groups: { analysts: [idp-analysts], support: [idp-support], security: [idp-security] }
agents: { scout: { for: everyone, maxMinutes: 60 } }
rules:
  - { id: read, allow: read, to: [group:analysts, group:support, agent] }
  - { id: large, require: { approval: { from: group:security } }, on: export, when: rows.estimate > 5000 }
  - { id: most, require: { limits: { rows: 50000, bytes: 1 MiB } }, on: export }
  - { id: proved, require: { stepUp: true, reason: true }, on: export, to: group:analysts }
  - { id: looks, deny: export, to: group:support }
  - { id: stays, require: { noExport: true }, in: { table: people } }
`;
const profile = profileOf(POLICY);
const index = attackCatalog();
const load = policyLoadOf(profile);

/** In that group, and proved again ten minutes ago. */
const fresh = (group: string, more: Partial<Principal> = {}): Principal =>
  person([group], { steppedUpAt: '2026-03-02T09:50:00Z', ...more });
const why = { reason: 'for the auditors' };

type Mutable = Record<string, unknown>;

/** The event of so many rows that are about to leave, and what the verifier finds once somebody has changed it. */
async function leaving(who: Principal, rows: number, more: Partial<DecideInput> = why, text = 'SELECT id FROM orders') {
  const { verdict: shown, intent, input } = await recordedDecision(text, index, profile, who, connection, more);
  if (shown.verdict !== 'allow') throw new Error('it may not be read');
  const verdict = decideLeaving(input, shown, { rows, bytes: rows * 10 });
  const allowed = verdict.verdict === 'allow';
  const rules = [...new Set(verdict.exports.flatMap(({ answer }) => answer.rules.map(({ id }) => id)))];
  const event = {
    s: 's',
    actor: intent.actor,
    ref: { i: 1, h: '' },
    export: { format: 'csv', to: 'file', rows, bytes: rows * 10 },
    pol: {
      hash: profile.policy.hash,
      decision: verdict.verdict,
      rules,
      ...(allowed ? {} : { reasons: verdict.reasons.map(({ code, sentence }) => ({ code, sentence })) }),
      input: { text: leavingInput(input, verdict.exports, rows, profile.classificationHash) },
    },
    ...(more.reason === undefined ? {} : { why: { reason: more.reason } }),
  };
  const found = (change: (input: Mutable, event: Mutable) => void = () => undefined): readonly string[] => {
    const changed = structuredClone(event) as unknown as Mutable;
    const pol = changed['pol'] as Mutable;
    const decidedFrom = JSON.parse(event.pol.input.text) as Mutable;
    change(decidedFrom, changed);
    pol['input'] = { text: JSON.stringify(decidedFrom) };
    const kind = pol['decision'] === 'allow' ? 'export.intent' : 'export.denied';
    const recorded = { k: kind, ...changed } as unknown as RecordedEvent;
    return checkedEvents(newDecisionCheck(), [load, recorded]).findings.map(({ code }) => code);
  };
  return { verdict, found };
}

/** As somebody would write it who lets out what was refused. */
const dressedUp = (_input: Mutable, event: Mutable): void => {
  const pol = event['pol'] as Mutable;
  pol['decision'] = 'allow';
  delete pol['reasons'];
};

describe('rows that leave', () => {
  it('do so by the policy, and the verifier agrees', async () => {
    const { verdict, found } = await leaving(fresh('idp-analysts'), 5000);
    expect(verdict.verdict).toBe('allow');
    expect(found()).toEqual([]);
  });

  it.each([
    [
      'there are more than were asked about',
      (_input: Mutable, event: Mutable) => {
        event['export'] = { format: 'csv', to: 'file', rows: 5001, bytes: 50_010 };
      },
      'decision-question',
    ],
    [
      'there are more, and the policy wants them approved',
      (input: Mutable, event: Mutable) => {
        input['rows'] = 5001;
        event['export'] = { format: 'csv', to: 'file', rows: 5001, bytes: 50_010 };
      },
      'decision-leaving',
    ],
    [
      'they are more bytes than may leave',
      (_input: Mutable, event: Mutable) => {
        event['export'] = { format: 'csv', to: 'file', rows: 5000, bytes: 1024 ** 2 + 1 };
      },
      'decision-leaving',
    ],
    [
      'there is no reason',
      (_input: Mutable, event: Mutable) => {
        delete event['why'];
      },
      'decision-leaving',
    ],
    [
      'the proof is old',
      (input: Mutable) => {
        (input['person'] as Mutable)['steppedUpAt'] = '2026-03-02T09:44:00Z';
      },
      'decision-leaving',
    ],
    [
      'somebody else took them',
      (input: Mutable) => {
        (input['person'] as Mutable)['groups'] = ['idp-support'];
      },
      'decision-asker',
    ],
    [
      'nothing was asked',
      (input: Mutable) => {
        input['asked'] = [];
      },
      'decision-question',
    ],
    [
      'something else was asked',
      (input: Mutable) => {
        for (const asked of input['asked'] as Mutable[]) asked['action'] = 'select';
      },
      'decision-question',
    ],
    [
      'it was decided long before',
      (input: Mutable) => {
        input['at'] = '2026-03-02T09:51:00.000Z';
      },
      'decision-time',
    ],
  ] as const)('are a finding where %s', async (_what, change, code) => {
    const { found } = await leaving(fresh('idp-analysts'), 5000);
    expect(found(change)).toContain(code);
  });

  it('are decided again only where the record has what they were decided from', async () => {
    const { found } = await leaving(fresh('idp-analysts'), 5000);
    const event = {
      k: 'export.intent',
      s: 's',
      ref: { i: 1, h: '' },
      export: { format: 'csv', to: 'file', rows: 9e9 },
    };
    expect(checkedEvents(newDecisionCheck(), [load, event as RecordedEvent]).findings).toEqual([]);
    expect(found()).toEqual([]);
  });
});

describe('rows that stay', () => {
  it.each<readonly [string, Principal, number, Partial<DecideInput>, string | undefined]>([
    ['are too many without approval', fresh('idp-analysts'), 5001, why, undefined],
    ['want a reason', fresh('idp-analysts'), 10, {}, undefined],
    ['want a fresh proof', fresh('idp-analysts', { steppedUpAt: '2026-03-02T09:40:00Z' }), 10, why, undefined],
    [
      'are an agent’s, which cannot prove who it is',
      fresh('idp-analysts', { agent: { id: 'scout', name: 'S' } }),
      10,
      why,
      undefined,
    ],
    ['are denied to support', fresh('idp-support'), 1, why, undefined],
    ['are of a table that stays', fresh('idp-analysts'), 1, why, 'SELECT id FROM people'],
  ])('%s, and a record that lets them out is a finding', async (_what, who, rows, more, text) => {
    const { verdict, found } = await leaving(who, rows, more, text);
    expect(verdict.verdict).toBe('refuse');
    expect(found()).toEqual([]);
    expect(found(dressedUp)).toContain('decision-leaving');
  });
});
