import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from './compile.ts';
import { compiled, testContext } from './testing.ts';
import { printProblems } from './yaml-file.ts';

const HEAD = 'version: 1\ngroups: { staff: [staff] }\n';

/** A policy, and the one line that must be among what it is refused with. */
const malformed: readonly (readonly [sentence: string, source: string, line: string | RegExp])[] = [
  ['an empty file', '', 'policy.yaml:1:1: the file must be a map of keys'],
  ['a list instead of a map', '- a\n', 'policy.yaml:1:1: the file must be a map of keys'],
  ['no version', 'rules: []\n', 'policy.yaml:1:1: version is missing (choices: 1)'],
  ['another version', 'version: 2\nrules: []\n', 'policy.yaml:1:1: version is not one of its choices (choices: 1)'],
  ['no rules', 'version: 1\n', 'policy.yaml:1:1: rules is missing'],
  ['a cut file', 'version: 1\nrules: [\n', /^policy\.yaml:3:1: Flow sequence/],
  ['a key given twice', 'version: 1\nrules: []\nrules: []\n', 'policy.yaml:3:1: Map keys must be unique'],
  ['two documents', 'version: 1\nrules: []\n---\nrules: []\n', /^policy\.yaml:3:1: Source contains multiple documents/],
  ['an alias', 'version: 1\nrules: &r []\ntests: *r\n', /anchors and aliases/],
  ['a tag', 'version: !!js/function 1\nrules: []\n', /^policy\.yaml:1:10: Unresolved tag/],
  [
    'a key called __proto__',
    '__proto__: {}\nversion: 1\nrules: []\n',
    /^policy\.yaml:1:1: __proto__ can name nothing here/,
  ],
  [
    'a misspelt key of a rule',
    `${HEAD}rules:\n  - id: a\n    alow: read\n`,
    'policy.yaml:5:5: unknown key "alow" in rules (choices: id, allow, deny, require, permit, of, minimum, budget, views, record, on, to, in, when, unless, text)',
  ],
  [
    'a misspelt key of an obligation',
    `${HEAD}rules:\n  - { id: a, require: { masc: {} } }\n`,
    /^policy\.yaml:4:25: unknown key "masc" in rules\.require \(choices: mask, limits,/,
  ],
  [
    'an action that does not exist',
    `${HEAD}rules:\n  - { id: a, allow: reed }\n`,
    /^policy\.yaml:4:14: rules\.allow is not one of its choices \(choices: read, write, all, select,/,
  ],
  [
    'an environment that does not exist',
    `${HEAD}rules:\n  - { id: a, allow: read, in: { env: prod } }\n`,
    'policy.yaml:4:33: rules.in.env is not one of its choices (choices: development, staging, production)',
  ],
  ['a rule without an id', `${HEAD}rules:\n  - { allow: read }\n`, 'policy.yaml:4:5: rules.id is missing'],
  ['an id in capitals', `${HEAD}rules:\n  - { id: Aa, allow: read }\n`, /rules\.id: must be lower case/],
  [
    'two rules of one id',
    `${HEAD}rules:\n  - { id: a, allow: read }\n  - { id: a, deny: drop }\n`,
    'policy.yaml:5:7: two rules are called "a"',
  ],
  [
    'a rule without effect',
    `${HEAD}rules:\n  - { id: a, to: everyone }\n`,
    'policy.yaml:4:5: rule a has none, and a rule has exactly one of its effects (choices: allow, deny, require, permit)',
  ],
  [
    'a rule with two effects',
    `${HEAD}rules:\n  - { id: a, allow: read, deny: drop }\n`,
    /rule a has allow and deny, and a rule has exactly one/,
  ],
  [
    'on beside allow',
    `${HEAD}rules:\n  - { id: a, allow: read, on: write }\n`,
    'policy.yaml:4:27: rule a: "on" belongs to require; write the actions after allow',
  ],
  ['an empty list of actions', `${HEAD}rules:\n  - { id: a, allow: [] }\n`, /rules\.allow: must name at least one/],
  ['an empty require', `${HEAD}rules:\n  - { id: a, require: {} }\n`, /policy\.yaml:4:14: require asks for nothing/],
  [
    'a group that does not exist',
    `${HEAD}rules:\n  - { id: a, allow: read, to: group:stuff }\n`,
    'policy.yaml:4:27: no group is called "stuff" (choices: staff)',
  ],
  [
    'a group that does not exist, in a list',
    `${HEAD}rules:\n  - { id: a, allow: read, to: [everyone, group:stuff] }\n`,
    'policy.yaml:4:42: no group is called "stuff" (choices: staff)',
  ],
  [
    'an exempted group that does not exist',
    `${HEAD}rules:\n  - { id: a, deny: read, unless: { group: stuff } }\n`,
    /no group is called "stuff"/,
  ],
  [
    'a grant that does not exist',
    `${HEAD}rules:\n  - { id: a, deny: read, unless: { grant: open } }\n`,
    /no grant is called "open"/,
  ],
  [
    'a selector that says nobody',
    `${HEAD}rules:\n  - { id: a, allow: read, to: staff }\n`,
    'policy.yaml:4:27: "staff" does not say who (choices: everyone, agent, agent:NAME, service, service:NAME, group:NAME, person:EMAIL)',
  ],
  [
    'a person without an address',
    `${HEAD}rules:\n  - { id: a, allow: read, to: person:ana }\n`,
    /"person:ana" does not say who/,
  ],
  [
    'a connection that does not exist',
    `${HEAD}rules:\n  - { id: a, allow: read, in: { connection: shp } }\n`,
    'policy.yaml:4:33: no connection is called "shp" (choices: shop-dev, shop-staging, shop)',
  ],
  [
    'a class that does not exist',
    `${HEAD}rules:\n  - { id: a, require: { mask: { pie: redact } } }\n`,
    'policy.yaml:4:33: no class or group of classes is called "pie" (choices: *, pii, email, birth-date, payment, card, secret, token)',
  ],
  [
    'a strength that does not exist',
    `${HEAD}rules:\n  - { id: a, require: { mask: { pii: hide } } }\n`,
    /rules\.require\.mask\.pii is not one of its choices \(choices: partial, redact, null\)/,
  ],
  [
    'a size in words',
    `${HEAD}rules:\n  - { id: a, require: { limits: { bytes: plenty } } }\n`,
    /rules\.require\.limits\.bytes must be|must be a size/,
  ],
  [
    'rows below one',
    `${HEAD}rules:\n  - { id: a, require: { limits: { rows: 0 } } }\n`,
    /rules\.require\.limits\.rows/,
  ],
  [
    'reason: false, which would look like a permission',
    `${HEAD}rules:\n  - { id: a, require: { reason: false } }\n`,
    /rules\.require\.reason is not one of its choices \(choices: true\)/,
  ],
  [
    'everyone as approver',
    `${HEAD}rules:\n  - { id: a, require: { approval: { from: everyone } } }\n`,
    /"everyone" cannot approve/,
  ],
  [
    'an agent as approver',
    `${HEAD}rules:\n  - { id: a, require: { approval: { from: agent } } }\n`,
    /"agent" cannot approve/,
  ],
  [
    'no approver at all',
    `${HEAD}rules:\n  - { id: a, require: { approval: { from: [], count: 1 } } }\n`,
    /must name at least one/,
  ],
  [
    'a condition cut short',
    `${HEAD}rules:\n  - { id: a, deny: read, when: 'rows.estimate >' }\n`,
    /^policy\.yaml:4:26: rule a: the condition is not valid/,
  ],
  [
    'a condition on a fact that does not exist',
    `${HEAD}rules:\n  - { id: a, deny: read, when: rows.estimat > 1 }\n`,
    /^policy\.yaml:4:26: .*No such key: estimat at character 6 .*\(choices: person\.name,.*rows\.estimate/,
  ],
  [
    'a condition that is no condition',
    `${HEAD}rules:\n  - { id: a, deny: read, when: now.hour + 1 }\n`,
    /the condition gives int, not true or false/,
  ],
  [
    'a regular expression',
    `${HEAD}rules:\n  - { id: a, deny: read, when: 'person.email.matches("(a+)+$")' }\n`,
    /the condition calls matches\(\), which is not allowed here/,
  ],
  [
    'a condition beyond its size',
    `${HEAD}rules:\n  - { id: a, deny: read, when: '${Array.from({ length: 120 }, () => 'person.verified').join(' || ')}' }\n`,
    /the condition is not valid|Too big/,
  ],
  [
    'a deeply nested condition',
    `${HEAD}rules:\n  - { id: a, deny: read, when: '${'('.repeat(200)}true${')'.repeat(200)}' }\n`,
    /the condition is not valid/,
  ],
  [
    'a time zone that does not exist',
    `version: 1\ntimezone: Mars/Olympus\nrules: []\n`,
    'policy.yaml:2:1: "Mars/Olympus" is not a time zone such as UTC or Europe/Berlin',
  ],
  [
    'a grant without an end',
    `${HEAD}rules: []\ngrants:\n  open: { for: group:staff }\n`,
    'policy.yaml:5:3: grants.open.maxMinutes is missing',
  ],
  [
    'an agent that does not exist',
    `${HEAD}agents: { scout: { for: everyone, maxMinutes: 5 } }\nrules:\n  - { id: a, allow: read, to: agent:scot }\n`,
    'policy.yaml:5:27: no agent is called "scot" (choices: scout)',
  ],
  [
    'a service that does not exist',
    `${HEAD}services: { nightly: { client: c } }\nrules:\n  - { id: a, allow: read, to: service:nigthly }\n`,
    'policy.yaml:5:27: no service is called "nigthly" (choices: nightly)',
  ],
  [
    'an agent for a service',
    `${HEAD}agents: { scout: { for: service, maxMinutes: 5 } }\nrules: []\n`,
    'policy.yaml:3:20: "service" cannot be meant here (choices: everyone, group:NAME, person:EMAIL)',
  ],
  [
    'an agent without an end',
    `${HEAD}agents: { scout: { for: everyone } }\nrules: []\n`,
    /agents\.scout\.maxMinutes is missing/,
  ],
  [
    'an agent of a name in capitals',
    `${HEAD}agents: { Scout: { for: everyone, maxMinutes: 5 } }\nrules: []\n`,
    /policy\.yaml:3:11: the name "Scout" must be lower case/,
  ],
  [
    'a service known by nothing',
    `${HEAD}services: { nightly: { groups: staff } }\nrules: []\n`,
    'policy.yaml:3:13: service nightly says whose token it is known by in exactly one of these ways (choices: client, issuer)',
  ],
  [
    'a service known in two ways',
    `${HEAD}services: { nightly: { client: c, issuer: https://x.example, audience: a, when: 'claims.a == "b"' } }\nrules: []\n`,
    /exactly one of these ways/,
  ],
  [
    'a service of an issuer without an audience',
    `${HEAD}services: { deploy: { issuer: https://x.example, when: 'claims.a == "b"' } }\nrules: []\n`,
    /service deploy needs "audience"/,
  ],
  [
    'a service of an issuer without a condition: anybody there has a token',
    `${HEAD}services: { deploy: { issuer: https://x.example, audience: a } }\nrules: []\n`,
    /service deploy needs "when": else every token of the issuer would do/,
  ],
  [
    'a service whose condition does not look at the token',
    `${HEAD}services: { deploy: { issuer: https://x.example, audience: a, when: 'true' } }\nrules: []\n`,
    /the condition does not look at the claims/,
  ],
  [
    'a service whose condition asks for facts of a statement',
    `${HEAD}services: { deploy: { issuer: https://x.example, audience: a, when: 'person.verified' } }\nrules: []\n`,
    /Unknown variable: person .*\(choices: claims\.NAME\)/,
  ],
  [
    'a service whose condition is a claim and no comparison',
    `${HEAD}services: { deploy: { issuer: https://x.example, audience: a, when: claims.admin } }\nrules: []\n`,
    /the condition gives dyn, not true or false/,
  ],
  [
    'a service of an issuer without TLS',
    `${HEAD}services: { deploy: { issuer: 'http://x.example', audience: a, when: 'claims.a == "b"' } }\nrules: []\n`,
    /"http:\/\/x\.example" is not the address of an issuer/,
  ],
  [
    'a client with the condition of an issuer',
    `${HEAD}services: { nightly: { client: c, when: 'claims.a == "b"' } }\nrules: []\n`,
    /"when" belongs to an issuer, not to a client/,
  ],
  [
    'a service in a group that does not exist',
    `${HEAD}services: { nightly: { client: c, groups: [stuff] } }\nrules: []\n`,
    /no group is called "stuff" \(choices: staff\)/,
  ],
  [
    'an allow of export, which follows reading',
    `${HEAD}rules:\n  - { id: a, allow: [read, export] }\n`,
    /policy\.yaml:4:14: rule a: export needs no allow/,
  ],
  [
    'a step-up of no minutes',
    `${HEAD}rules:\n  - { id: a, require: { stepUp: { minutes: 0 } } }\n`,
    /^policy\.yaml:4:35: rules\.require\.stepUp\.minutes: Too small/,
  ],
  [
    'a step-up that is none',
    `${HEAD}rules:\n  - { id: a, require: { stepUp: false } }\n`,
    /rules\.require\.stepUp must be true or \{ minutes: NUMBER \} with 1 to 1440 minutes/,
  ],
  [
    'no rows in an hour',
    `${HEAD}rules:\n  - { id: a, require: { limits: { rowsPerHour: 0 } } }\n`,
    /rules\.require\.limits\.rowsPerHour/,
  ],
  [
    'a service as approver',
    `${HEAD}services: { nightly: { client: c } }\nrules:\n  - { id: a, require: { approval: { from: service:nightly } } }\n`,
    'policy.yaml:5:37: "service:nightly" cannot approve (choices: owner-team, group:NAME, person:EMAIL)',
  ],
  [
    'approval within somebody who is no group',
    `${HEAD}rules:\n  - { id: a, require: { approval: { from: owner-team, within: person:a@b.c } } }\n`,
    /"person:a@b\.c" cannot be meant here \(choices: group:NAME\)/,
  ],
  [
    'approval within a group that does not exist',
    `${HEAD}rules:\n  - { id: a, require: { approval: { from: owner-team, within: group:stuff } } }\n`,
    /no group is called "stuff"/,
  ],
  [
    'a grant for services, which take none',
    `${HEAD}rules: []\ngrants: { open: { for: service, maxMinutes: 5 } }\n`,
    /"service" cannot be meant here \(choices: everyone, agent, agent:NAME, group:NAME, person:EMAIL\)/,
  ],
  [
    'a grant that tells a group that does not exist',
    `${HEAD}rules: []\ngrants: { open: { for: everyone, maxMinutes: 5, alert: stuff } }\n`,
    /no group is called "stuff"/,
  ],
  [
    'a grant at a connection that does not exist',
    `${HEAD}rules: []\ngrants: { open: { for: everyone, maxMinutes: 5, in: { connection: shp } } }\n`,
    /no connection is called "shp"/,
  ],
  [
    'a test of two agents',
    `${HEAD}agents: { a: { for: everyone, maxMinutes: 5 }, b: { for: everyone, maxMinutes: 5 } }\nrules: []\ntests:\n  - { as: [agent:a, agent:b], do: select, expect: deny }\n`,
    /the test is of more than one agent/,
  ],
  [
    'a test of a service with groups of its own',
    `${HEAD}services: { nightly: { client: c } }\nrules: []\ntests:\n  - { as: [service:nightly, group:staff], do: select, expect: deny }\n`,
    /a service is nobody else/,
  ],
  [
    'a test that expects a mask on no class',
    `${HEAD}rules: []\ntests:\n  - { as: everyone, do: select, expect: deny, mask: { pie: clear } }\n`,
    /no class or group of classes is called "pie"/,
  ],
  [
    'a test that names no rule of the policy',
    `${HEAD}rules: []\ntests:\n  - { as: everyone, do: select, expect: deny, by: ghost }\n`,
    /no rule is called "ghost"/,
  ],
  [
    'a test at no time',
    `${HEAD}rules: []\ntests:\n  - { as: everyone, do: select, expect: deny, at: tomorrow }\n`,
    /"tomorrow" is not a time/,
  ],
  [
    'a test at a day without a time',
    `${HEAD}rules: []\ntests:\n  - { as: everyone, do: select, expect: deny, at: 2026-03-02 }\n`,
    /"2026-03-02" is not a time such as 2026-03-02T10:00/,
  ],
  [
    'a test at a time that clocks leave out',
    `${HEAD}timezone: Europe/Berlin\nrules: []\ntests:\n  - { as: everyone, do: select, expect: deny, at: '2026-03-29T02:30' }\n`,
    /"2026-03-29T02:30" is not a time/,
  ],
];

describe('compilePolicy', () => {
  it.each(malformed)('refuses %s, with its line', (_sentence, source, line) => {
    const result = compilePolicy(source, testContext);
    const printed = result.ok ? ['accepted'] : printProblems('policy.yaml', result.problems).split('\n');
    expect(printed).toContainEqual(typeof line === 'string' ? line : expect.stringMatching(line));
  });

  it('reports every problem at once, in the order of the lines', () => {
    const result = compilePolicy(
      `${HEAD}rules:\n  - { id: a, allow: read, to: group:x }\n  - { id: b, deny: read, to: group:y }\n`,
      testContext,
    );
    expect(result.ok ? [] : result.problems.map((problem) => problem.line)).toEqual([4, 5]);
  });

  it('names a policy by the SHA-256 of the document that the record keeps', () => {
    const { hash, document } = compiled(`${HEAD}rules: [{ id: a, allow: read, text: größer }]\n`);
    expect(hash).toBe(createHash('sha256').update(Buffer.from(document)).digest('hex'));
    expect(JSON.parse(document)).toMatchObject({ version: 1, timezone: 'UTC', rules: [{ id: 'a', allow: ['read'] }] });
  });

  it('gives the same name to a policy of another layout, and another to one that decides otherwise', () => {
    const written = compiled(`${HEAD}rules:\n  - { id: a, allow: read, in: { env: staging, table: t } }\n`);
    const again = compiled(
      `# why\n${HEAD}rules:\n  - in:\n      table: [t]\n      env: [staging]\n    allow: [read]\n    id: a\ntests: []\n`,
    );
    const other = compiled(`${HEAD}rules:\n  - { id: a, allow: read, in: { env: staging, table: u } }\n`);
    expect(again.hash).toBe(written.hash);
    expect(other.hash).not.toBe(written.hash);
  });

  it('refuses a file of more than one megabyte before it reads it', () => {
    const result = compilePolicy(`version: 1\n#${'x'.repeat(1024 * 1024)}\nrules: []\n`, testContext);
    expect(result).toEqual({
      ok: false,
      problems: [{ line: 1, column: 1, message: expect.stringContaining('larger than') }],
    });
  });

  it('gives a policy of before agents and services were known the name that it had', () => {
    const { document } = compiled(`${HEAD}rules: [{ id: a, require: { stepUp: true }, on: write }]\n`);
    expect(document).toBe(
      '{"version":1,"timezone":"UTC","groups":{"staff":["staff"]},"grants":{},' +
        '"rules":[{"id":"a","require":{"stepUp":true},"on":["write"]}],"functions":[]}',
    );
  });

  it('takes one name or a list of names alike', () => {
    const one = compiled(`${HEAD}rules: [{ id: a, allow: read, to: group:staff, in: { env: staging } }]\n`);
    const list = compiled(`${HEAD}rules: [{ id: a, allow: [read], to: [group:staff], in: { env: [staging] } }]\n`);
    expect(list.rulesFor.select).toEqual(one.rulesFor.select);
  });
});
