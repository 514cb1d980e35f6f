import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type PolicyQuestion } from './answer.ts';
import { evaluate } from './evaluate.ts';
import { maskFor } from './obligations.ts';
import { runPolicyTests } from './policy-tests.ts';
import { compiled, question, testContext } from './testing.ts';
import { type MaskStrength } from './vocabulary.ts';

const policy = compiled(readFileSync(new URL('../../docs/examples/policy.yaml', import.meta.url), 'utf8'));

const staging = { name: 'shop-staging', environment: 'staging', database: 'shop' } as const;
const development = { name: 'shop-dev', environment: 'development', database: 'shop' } as const;
const as = (...groups: string[]) => ({ asker: { groups: groups.map((name) => `/${name}`), verified: true } });
const agentOf = (...groups: string[]) => ({
  asker: { groups: groups.map((name) => `/${name}`), verified: true, agent: { id: 'copilot' } },
  rowsLastHour: 0,
});
const berlin = (time: string) => ({ now: new Date(`2026-03-${time}:00+01:00`) });

interface Expected {
  readonly effect: 'allow' | 'deny';
  /** Ids of rules that took part, in the order of the answer. */
  readonly by?: readonly string[];
  readonly mask?: Readonly<Record<string, MaskStrength | 'clear'>>;
  readonly approvals?: readonly string[];
  readonly rows?: number;
  readonly seconds?: number;
  readonly reason?: boolean;
  readonly failed?: readonly string[];
}

type Case = readonly [sentence: string, asked: Partial<PolicyQuestion>, expected: Expected];

const cases: readonly Case[] = [
  // Who may at all
  [
    'an analyst reads production in working hours',
    { ...as('analysts') },
    { effect: 'allow', mask: { email: 'partial', token: 'redact', card: 'clear' } },
  ],
  [
    'an analyst reads staging in clear',
    { ...as('analysts'), connection: staging },
    { effect: 'allow', mask: { email: 'clear' } },
  ],
  [
    'an analyst has no rule for development',
    { ...as('analysts'), connection: development },
    { effect: 'deny', by: [] },
  ],
  ['an analyst may explain', { ...as('analysts'), action: 'explain' }, { effect: 'allow' }],
  ['an analyst may show settings', { ...as('analysts'), action: 'show', relation: 'none' }, { effect: 'allow' }],
  [
    'an analyst may not update',
    { ...as('analysts'), action: 'update', connection: staging },
    { effect: 'deny', by: [] },
  ],
  [
    'an analyst may not copy: read does not hold copy',
    { ...as('analysts'), action: 'copy' },
    { effect: 'deny', by: [] },
  ],
  ['somebody in no group may nothing', { connection: staging }, { effect: 'deny', by: [] }],
  [
    'a group of the provider that the policy does not map gives nothing',
    { ...as('interns') },
    { effect: 'deny', by: [] },
  ],
  [
    'a group by the policy’s own name gives nothing: names are the provider’s',
    { asker: { groups: ['analysts'], verified: true } },
    { effect: 'deny', by: [] },
  ],
  [
    'an engineer writes staging outright',
    { ...as('engineers'), action: 'insert', connection: staging },
    { effect: 'allow', approvals: [] },
  ],
  [
    'an engineer creates tables in development',
    { ...as('engineers'), action: 'ddl', connection: development },
    { effect: 'allow' },
  ],
  [
    'an engineer may not administer',
    { ...as('engineers'), action: 'admin', relation: 'none', connection: staging },
    { effect: 'deny', by: [] },
  ],
  [
    'a DBA may administer staging',
    { ...as('dba'), action: 'admin', relation: 'none', connection: staging },
    { effect: 'allow' },
  ],
  [
    'two groups add up',
    { ...as('analysts', 'engineers'), action: 'update', connection: staging, estimatedRows: 1 },
    { effect: 'allow' },
  ],
  [
    'the auditor reads the audit log, named by e-mail in any case',
    {
      asker: { groups: [], email: 'Aud@Example.com', verified: true },
      relation: { schema: 'audit', name: 'log_2026' },
    },
    { effect: 'allow' },
  ],
  [
    'the auditor reads no other table',
    { asker: { groups: [], email: 'aud@example.com', verified: true } },
    { effect: 'deny', by: [] },
  ],
  [
    'the auditor’s tables are matched from their beginning',
    {
      asker: { groups: [], email: 'aud@example.com', verified: true },
      relation: { schema: 'audit', name: 'catalog_1' },
    },
    { effect: 'deny', by: [] },
  ],
  [
    'a statement without tables is not in the auditor’s tables',
    { asker: { groups: [], email: 'aud@example.com', verified: true }, relation: 'none' },
    { effect: 'deny', by: [] },
  ],

  // What nobody may
  [
    'DROP in production is denied to engineers',
    { ...as('engineers'), action: 'drop' },
    { effect: 'deny', by: ['no-drop'] },
  ],
  ['DROP in production is denied to DBAs too', { ...as('dba'), action: 'drop' }, { effect: 'deny', by: ['no-drop'] }],
  ['TRUNCATE in production is denied', { ...as('engineers'), action: 'truncate' }, { effect: 'deny', by: ['no-drop'] }],
  [
    'break-glass does not lift a denial',
    { ...as('engineers', 'oncall'), action: 'drop', grants: ['breakglass'] },
    { effect: 'deny', by: ['no-drop'] },
  ],
  ['DROP on staging is allowed', { ...as('engineers'), action: 'drop', connection: staging }, { effect: 'allow' }],
  [
    'the schema hr is closed',
    { ...as('engineers'), relation: { schema: 'hr', name: 'salaries' } },
    { effect: 'deny', by: ['hr-closed'] },
  ],
  [
    'the schema hr is open to DBAs',
    { ...as('dba'), relation: { schema: 'hr', name: 'salaries' } },
    { effect: 'allow' },
  ],
  [
    'security is exempt from a denial but still needs an allowance',
    { ...as('security'), relation: { schema: 'hr', name: 'salaries' } },
    { effect: 'deny', by: [] },
  ],
  [
    'DDL on things not named might be in hr and is denied',
    { ...as('engineers'), action: 'ddl', relation: 'unknown', connection: staging },
    { effect: 'deny', by: ['hr-closed'] },
  ],
  ['SELECT 1 touches no schema', { ...as('engineers'), relation: 'none' }, { effect: 'allow' }],
  [
    'an unverified person does not write',
    { asker: { groups: ['/engineers'], verified: false }, action: 'insert', connection: staging },
    { effect: 'deny', by: ['unverified'] },
  ],

  // When
  [
    'an analyst at 06:59 in Berlin is too early',
    { ...as('analysts'), ...berlin('02T06:59') },
    { effect: 'deny', by: ['working-hours'] },
  ],
  ['an analyst at 07:00 in Berlin is in time', { ...as('analysts'), ...berlin('02T07:00') }, { effect: 'allow' }],
  [
    'an analyst at 19:00 in Berlin is too late',
    { ...as('analysts'), ...berlin('02T19:00') },
    { effect: 'deny', by: ['working-hours'] },
  ],
  [
    'an analyst on Sunday is refused',
    { ...as('analysts'), ...berlin('01T10:00') },
    { effect: 'deny', by: ['working-hours'] },
  ],
  [
    'working hours do not bind staging',
    { ...as('analysts'), ...berlin('01T10:00'), connection: staging },
    { effect: 'allow' },
  ],
  ['working hours do not bind engineers', { ...as('engineers'), ...berlin('01T10:00') }, { effect: 'allow' }],
  [
    'an engineer who is also an analyst is bound by them',
    { ...as('analysts', 'engineers'), ...berlin('01T10:00') },
    { effect: 'deny', by: ['working-hours'] },
  ],

  // Bound by what
  [
    'an analyst gets the smaller number of rows and the shorter time',
    { ...as('analysts') },
    { effect: 'allow', rows: 5000, seconds: 120 },
  ],
  ['an engineer gets the common limits', { ...as('engineers') }, { effect: 'allow', rows: 100_000, seconds: 120 }],
  [
    'the grant unmask shows e-mail addresses to an analyst',
    { ...as('analysts'), grants: ['unmask'] },
    { effect: 'allow', mask: { email: 'clear', token: 'clear' } },
  ],
  [
    'the grant unmask does not show dates of birth',
    { ...as('analysts'), grants: ['unmask'] },
    { effect: 'allow', mask: { 'birth-date': 'null' } },
  ],
  [
    'a grant counts only for whom the policy names',
    { ...as('dba'), grants: ['unmask'] },
    { effect: 'allow', mask: { email: 'partial' } },
  ],
  [
    'a grant the policy does not know is nothing',
    { ...as('analysts'), grants: ['everything'] },
    { effect: 'allow', mask: { email: 'partial' } },
  ],
  [
    'the strictest mask wins: a date of birth is null although pii is partial',
    { ...as('analysts') },
    { effect: 'allow', mask: { 'birth-date': 'null' } },
  ],
  [
    'a write to production needs the owning team and a reason',
    { ...as('engineers'), action: 'insert' },
    { effect: 'allow', approvals: ['owner-team'], reason: true },
  ],
  [
    'break-glass lifts approval and reason for who is on call',
    { ...as('engineers', 'oncall'), action: 'insert', grants: ['breakglass'] },
    { effect: 'allow', approvals: [], reason: false },
  ],
  [
    'break-glass is nothing to who is not on call',
    { ...as('engineers'), action: 'insert', grants: ['breakglass'] },
    { effect: 'allow', approvals: ['owner-team'], reason: true },
  ],
  [
    'a change of 1,000 rows on staging needs nobody',
    { ...as('engineers'), action: 'delete', connection: staging, estimatedRows: 1000 },
    { effect: 'allow', approvals: [] },
  ],
  [
    'a change of 1,001 rows on staging needs a DBA',
    { ...as('engineers'), action: 'delete', connection: staging, estimatedRows: 1001 },
    { effect: 'allow', approvals: ['group:dba'] },
  ],
  [
    'a fraction above 1,000 rows is above it',
    { ...as('engineers'), action: 'delete', connection: staging, estimatedRows: 1000.5 },
    { effect: 'allow', approvals: ['group:dba'] },
  ],
  [
    'a number of rows nobody knows needs a DBA',
    { ...as('engineers'), action: 'delete', connection: staging },
    { effect: 'allow', approvals: ['group:dba'], failed: ['bulk-needs-dba'] },
  ],
  [
    'the planner’s -1 is not a number of rows',
    { ...as('engineers'), action: 'delete', connection: staging, estimatedRows: -1 },
    { effect: 'allow', approvals: ['group:dba'], failed: ['bulk-needs-dba'] },
  ],
  [
    'approvals add up',
    { ...as('engineers'), action: 'delete', estimatedRows: 5000 },
    { effect: 'allow', approvals: ['group:dba', 'owner-team'] },
  ],
  [
    'break-glass leaves the DBA for bulk changes',
    { ...as('engineers', 'oncall'), action: 'delete', estimatedRows: 5000, grants: ['breakglass'] },
    { effect: 'allow', approvals: ['group:dba'] },
  ],

  // Agents: what both the person and an agent may
  [
    'an agent of an analyst reads, everything classified redacted',
    { ...agentOf('analysts') },
    { effect: 'allow', mask: { email: 'redact', card: 'redact', 'birth-date': 'null' } },
  ],
  ['an agent of nobody in particular may nothing', { ...agentOf(), connection: staging }, { effect: 'deny', by: [] }],
  [
    'an agent of an engineer does not write',
    { ...agentOf('engineers'), action: 'update', connection: staging },
    { effect: 'deny', by: ['agents-read-only'] },
  ],
  [
    'an agent of an analyst keeps the analyst’s hours',
    { ...agentOf('analysts'), ...berlin('01T10:00') },
    { effect: 'deny', by: ['working-hours'] },
  ],
  [
    'an agent gains nothing by the person’s grant to unmask',
    { ...agentOf('analysts'), grants: ['unmask'] },
    { effect: 'allow', mask: { email: 'redact' } },
  ],
  [
    'an agent past its budget is refused',
    { ...agentOf('analysts'), rowsLastHour: 10_000 },
    { effect: 'deny', by: ['agents-budget'] },
  ],
  [
    'an agent whose rows nobody counted is refused',
    { asker: agentOf('analysts').asker },
    { effect: 'deny', by: ['agents-budget'], failed: ['agents-budget'] },
  ],

  // Unknown groups (the provider did not say) close
  [
    'unknown groups give nothing',
    { asker: { groups: 'unknown', verified: true }, connection: staging },
    { effect: 'deny', by: [] },
  ],
  [
    'unknown groups are bound by every rule for a group',
    { asker: { groups: 'unknown', verified: true }, ...berlin('01T10:00') },
    { effect: 'deny', by: ['working-hours'] },
  ],
  [
    'unknown groups exempt from nothing',
    { asker: { groups: 'unknown', verified: true }, relation: { schema: 'hr', name: 'salaries' } },
    { effect: 'deny', by: ['hr-closed'] },
  ],
];

describe('the example policy', () => {
  it.each(cases)('%s', (_sentence, asked, expected) => {
    const answer = evaluate(policy, question(asked));
    const { obligations } = answer;
    expect(answer.effect).toBe(expected.effect);
    if (expected.by !== undefined) expect(answer.rules.map((rule) => rule.id)).toEqual(expected.by);
    for (const [name, strength] of Object.entries(expected.mask ?? {})) {
      const group = testContext.classes.find((entry) => entry.name === name)?.group ?? '';
      expect([name, maskFor({ class: name, group }, obligations)?.strength ?? 'clear']).toEqual([name, strength]);
    }
    if (expected.approvals !== undefined) {
      expect(obligations.approvals.flatMap((approval) => approval.from)).toEqual(expected.approvals);
    }
    if (expected.rows !== undefined) expect(obligations.rows?.value).toBe(expected.rows);
    if (expected.seconds !== undefined) expect(obligations.milliseconds?.value).toBe(expected.seconds * 1000);
    if (expected.reason !== undefined) expect(obligations.reason !== undefined).toBe(expected.reason);
    if (expected.failed !== undefined) expect(answer.failedConditions).toEqual(expected.failed);
    expect(answer.policy).toBe(policy.hash);
  });

  it('passes the tests it carries', () => {
    expect(runPolicyTests(policy).filter((result) => !result.passed)).toEqual([]);
  });
});

describe('evaluate', () => {
  it('says to whom the policy gives what it refused', () => {
    const answer = evaluate(policy, question({ ...as('analysts'), action: 'insert' }));
    expect(answer.allowedTo).toEqual(['group:dba', 'group:engineers']);
  });

  it('names the grant that would lift a mask', () => {
    const answer = evaluate(policy, question(as('analysts')));
    expect(answer.obligations.masks.get('pii')).toMatchObject({ rule: { id: 'pii-masked' }, liftedBy: ['unmask'] });
  });

  it('refuses everything under a policy without rules', () => {
    const answer = evaluate(compiled('version: 1\nrules: []\n'), question({}));
    expect(answer).toMatchObject({ effect: 'deny', rules: [], allowedTo: [] });
  });

  it('does not take everyone for agents: an agent needs a rule that names agents', () => {
    const everyone = compiled('version: 1\nrules: [{ id: all, allow: read, to: everyone }]\n');
    expect(evaluate(everyone, question({})).effect).toBe('allow');
    expect(evaluate(everyone, question(agentOf('analysts'))).effect).toBe('deny');
  });

  it.each([
    ['denied', 'deny: read', { effect: 'deny', rules: [{ id: 'people' }] }],
    ['bound', 'require: { limits: { rows: 5 } }', { effect: 'allow', obligations: { rows: { value: 5 } } }],
  ])('does not let an agent do what its person is %s by as somebody without an agent', (_how, rule, expected) => {
    const source = compiled(`version: 1
rules: [{ id: all, allow: read, to: [everyone, agent] }, { id: people, ${rule}, when: '!agent.acting' }]
`);
    expect(evaluate(source, question(agentOf('analysts')))).toMatchObject(expected);
  });

  it('treats a condition that gives an error as false for allow and as true for deny and require', () => {
    const source = `version: 1
rules:
  - { id: all, allow: read }
  - { id: some, allow: delete, when: rows.estimate < 5 }
  - { id: bound, require: { limits: { rows: 1 } }, when: person.email.endsWith("@example.com") }
`;
    const answer = evaluate(compiled(source), question({ action: 'delete' }));
    expect(answer).toMatchObject({ effect: 'deny', failedConditions: ['bound', 'some'] });
    expect(evaluate(compiled(source), question({})).obligations.rows).toMatchObject({ value: 1 });
  });

  it('reads the clock in the time zone of the policy, also where summer time begins', () => {
    const source = (hour: number) =>
      `version: 1\ntimezone: Europe/Berlin\nrules: [{ id: a, allow: read, when: now.hour == ${hour} && now.day == 29 && now.weekday == 7 }]\n`;
    const after = { now: new Date('2026-03-29T01:30:00Z') };
    expect(evaluate(compiled(source(3)), question(after)).effect).toBe('allow');
    expect(evaluate(compiled(source(2)), question(after)).effect).toBe('deny');
  });
});

describe('runPolicyTests', () => {
  it('says what differs, with the line of the test', () => {
    const source = `version: 1
groups: { staff: [staff] }
rules:
  - { id: staff-read, allow: read, to: group:staff }
  - { id: masked, require: { mask: { pii: redact }, limits: { rows: 10 } } }
tests:
  - { as: group:staff, do: select, on: { connection: shop, table: public.orders }, expect: deny, by: masked }
  - { as: group:staff, do: select, expect: allow, mask: { email: clear }, limits: { rows: 11 } }
  - { as: everyone, do: select, expect: allow }
`;
    expect(runPolicyTests(compiled(source))).toEqual([
      {
        line: 7,
        title: 'group:staff: select on shop public.orders',
        passed: false,
        differences: ['expected deny, got allow (rules: masked, staff-read)'],
      },
      {
        line: 8,
        title: 'group:staff: select',
        passed: false,
        differences: ['expected email to be clear, got redact', 'expected a limit of 11 rows, got 10'],
      },
      {
        line: 9,
        title: 'everyone: select',
        passed: false,
        differences: ['expected allow, got deny (no rule applies)'],
      },
    ]);
  });

  it('says what differs in what the asker has to give, who approves, and what becomes of the result', () => {
    const source = `version: 1
groups: { staff: [staff], dba: [dba] }
services: { nightly: { client: c } }
rules:
  - { id: read, allow: read, to: [group:staff, service:nightly] }
  - { id: asks, require: { reason: true, stepUp: true, approval: { from: owner-team, within: group:dba } }, to: group:staff }
  - { id: stays, require: { noExport: true, watermark: true, record: uploaded, limits: { rowsPerHour: 7 } } }
tests:
  - { as: group:staff, do: select, expect: approval, needs: reason, approvers: [owner-team, group:dba] }
  - { as: service:nightly, do: select, expect: allow, needs: step-up, noExport: false, watermark: false, record: local, limits: { rowsPerHour: 8 } }
  - { as: service:nightly, do: select, expect: allow, needs: [], noExport: true, watermark: true, record: uploaded, limits: { rowsPerHour: 7 } }
  - { as: service:nightly, do: export, expect: allow }
`;
    expect(runPolicyTests(compiled(source)).map(({ title, differences }) => [title, differences])).toEqual([
      [
        'group:staff: select',
        [
          'expected needs: reason, got reason, step-up',
          'expected approvers: owner-team, group:dba, got owner-team within group:dba',
        ],
      ],
      [
        'service:nightly: select',
        [
          'expected needs: step-up, got none',
          'expected a limit of 8 rowsPerHour, got 7',
          'expected a record that is local, got uploaded',
          'expected noExport to be false, got true',
          'expected watermark to be false, got true',
        ],
      ],
      ['service:nightly: select', []],
      ['service:nightly: export', ['expected allow, got deny (rules: stays, read)']],
    ]);
  });
});
