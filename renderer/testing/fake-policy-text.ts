import { type PolicyCheckView, type ProblemView } from '../../shared/views.ts';

/** A policy, and what it means for a made-up organisation; what it means follows from a few of its words. */

export const samplePolicy = `# Who may do what at Harbor Goods. Tested below; reviewed by security.
version: 1
timezone: Europe/Madrid

groups:
  analysts: [/analysts]
  engineers: [/engineers]
  dba: [/dba]
  oncall: [/oncall]
  security: [/security]

agents:
  scout: { title: Scout, for: [group:analysts], maxMinutes: 60 }

services:
  nightly: { title: Nightly report, groups: [analysts], client: nightly-client }

grants:
  unmask:
    for: [group:analysts, group:engineers]
    approval: { from: [group:dba, group:security] }
    maxMinutes: 30
  breakglass:
    for: group:oncall
    stepUp: true
    reason: true
    alert: [group:security]
    maxMinutes: 60

rules:
  - { id: analysts-read, allow: read, to: group:analysts, in: { env: [staging, production] } }
  - { id: engineers, allow: [read, write, ddl], to: group:engineers }
  - { id: dba, allow: [read, write, ddl, admin], to: group:dba }
  - { id: agents-read, allow: read, to: agent }

  - id: pii-masked
    require: { mask: { pii: partial, secret: redact } }
    in: { env: production }
    unless: { grant: unmask }
  - id: production-writes
    require: { approval: { from: owner-team }, reason: true }
    on: [write, ddl]
    in: { env: production }
    unless: { grant: breakglass }
  - id: bulk-needs-dba
    require: { approval: { from: group:dba } }
    on: [update, delete]
    when: rows.estimate > 1000
  - { id: limits, require: { limits: { rows: 100000, seconds: 120 } } }

  - id: no-drop
    deny: [drop, truncate]
    in: { env: production }
    text: DROP and TRUNCATE are never run in production
  - { id: agents-read-only, deny: [write, ddl, admin], to: agent }
  - id: working-hours
    deny: read
    to: group:analysts
    in: { env: production }
    when: now.weekday > 5 || now.hour < 7 || now.hour >= 19

tests:
  - { as: group:analysts, do: select, on: { env: production }, at: '2026-03-02T09:00:00Z', expect: allow, mask: { email: partial } }
  - { as: group:analysts, do: select, on: { env: production }, at: '2026-03-07T09:00:00Z', expect: deny, by: working-hours }
  - { as: group:engineers, do: drop, on: { env: production }, expect: deny, by: no-drop }
  - { as: group:engineers, do: update, on: { env: staging }, rows: 1001, expect: approval, by: bulk-needs-dba }
  - { as: [group:analysts, agent], do: insert, expect: deny }
  - { as: group:dba, do: truncate, on: { env: staging }, expect: allow }
`;

export const brokenFile = samplePolicy.replace('deny: [drop, truncate]', 'deny: [drop, trunkate]');

/** Words that are wrong in a policy, and what could stand there. */
const mistakes: readonly (readonly [word: RegExp, message: string, choices: readonly string[]])[] = [
  [/\btrunkate\b/, 'rules.deny is not one of its choices', ['truncate', 'drop', 'alter', 'create']],
  [/\balow\b/, 'unknown key "alow" in rules', ['allow', 'deny', 'require', 'permit']],
  [/group:analyst\b/, 'no group is called "analyst"', ['analysts', 'engineers', 'dba', 'oncall', 'security']],
];

export function checkOf(text: string): PolicyCheckView {
  const lines = text.split('\n');
  const problems: ProblemView[] = lines.flatMap((line, at) =>
    mistakes.flatMap(([word, message, choices]) => {
      const column = line.search(word);
      return column < 0 ? [] : [{ line: at + 1, column: column + 1, message, choices }];
    }),
  );
  const idle = lines.findIndex((line) => line.includes('oncall: ['));
  const tests = lines.flatMap((line, at) => {
    const title = /^ {2}- \{ as: (.+?) \}$/.exec(line)?.[1];
    return title === undefined ? [] : [{ line: at + 1, title }];
  });
  const open = !text.includes('id: no-drop');
  const wide = /pii: (clear|none)/.test(text);
  return {
    problems,
    warnings:
      idle < 0 || text.includes('to: group:oncall')
        ? []
        : [
            {
              line: idle + 1,
              column: 3,
              message: 'no rule is for group:oncall',
              choices: [],
            },
          ],
    hash: problems.length > 0 ? null : 'f00d',
    rules: lines.filter((line) => /^ {2}- (\{ )?id:/.test(line)).length,
    tests: tests.map(({ line, title }) => {
      const differences = [
        ...(open && title.includes('by: no-drop')
          ? ['expected deny by no-drop, is approval by production-writes']
          : []),
        ...(wide && title.includes('mask:') ? ['expected email partial, is clear'] : []),
      ];
      return { line, title: title.replaceAll(/[{}]/g, ''), passed: differences.length === 0, differences };
    }),
  };
}
