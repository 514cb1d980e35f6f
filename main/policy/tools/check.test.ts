import { describe, expect, it } from 'vitest';
import { compiled, testContext } from '../testing.ts';
import { checkPolicy, isGood } from './check.ts';
import { runTestFile } from './test-files.ts';

const POLICY = `version: 1
timezone: Europe/Berlin
groups: { analysts: [/analysts, "/a'n\\"alysts"] }
grants: { unmask: { for: [group:analysts], approval: none, maxMinutes: 30, stepUp: { minutes: 5 } } }
agents: { scout: { for: [group:analysts], maxMinutes: 60 } }
services: { nightly: { groups: [analysts], client: nightly } }
functions: [{ name: app.net_price, treat: pure }]
rules:
  - { id: read, allow: read, to: [group:analysts, agent] }
  - { id: masked, require: { mask: { pii: null }, limits: { bytes: 1 GiB }, stepUp: true }, unless: { grant: unmask } }
`;

describe('checking a policy', () => {
  it('finds nothing wrong with a good one, and runs its tests', () => {
    const view = checkPolicy(`${POLICY}tests: [{ as: group:analysts, do: select, expect: allow }]\n`, testContext);
    expect(view).toMatchObject({ problems: [], rules: 2, tests: [{ line: 11, passed: true }] });
    expect(view.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(isGood(view)).toBe(true);
  });

  it('tells every problem with its place and the choices', () => {
    const view = checkPolicy(POLICY.replace('read, allow: read', 'read, alow: read'), testContext);
    expect(view.problems[0]).toMatchObject({ line: 9, message: 'unknown key "alow" in rules' });
    expect(view.problems[0]?.choices).toContain('allow');
    expect([view.hash, isGood(view)]).toEqual([null, false]);
  });

  it('warns of what is hardly meant, and is good all the same', () => {
    const view = checkPolicy(
      POLICY.replace('version: 1', 'version: 1 #').replace('groups: {', 'groups: { nobody: [/nobody],'),
      testContext,
    );
    expect(view.warnings).toContainEqual(
      expect.objectContaining({ line: 3, message: expect.stringContaining('nobody') as string }),
    );
    expect(isGood(view)).toBe(true);
  });

  it('is not good while a test fails', () => {
    const view = checkPolicy(`${POLICY}tests: [{ as: everyone, do: select, expect: allow }]\n`, testContext);
    expect(view.tests[0]).toMatchObject({ passed: false, differences: [expect.stringContaining('expected allow')] });
    expect(isGood(view)).toBe(false);
  });
});

describe('tests in files of their own', () => {
  const policy = compiled(POLICY);
  const run = (text: string) => runTestFile(policy, text);

  it.each([
    [
      'with a version',
      'version: 1\ntests:\n  - { as: group:analysts, do: select, expect: allow, mask: { email: null } }\n',
    ],
    ['without one', '# Cases\n\ntests:\n  - { as: group:analysts, do: select, expect: allow, mask: { email: null } }'],
    [
      'with the marks of a document',
      '---\ntests:\n  - { as: [group:analysts, agent:scout], do: select, expect: allow }\n...\n',
    ],
    ['that is empty', 'tests: []\n'],
  ])('run as if they stood in the policy: one %s', (_what, text) => {
    const result = run(text);
    expect(result.ok && result.results.every(({ passed }) => passed)).toBe(true);
  });

  it('keep their lines', () => {
    const result = run('# Cases\n\ntests:\n  - { as: everyone, do: select, expect: allow }\n');
    expect(result).toMatchObject({ ok: true, results: [{ line: 4, passed: false }] });
  });

  it.each([
    ['a rule', 'tests: []\nrules: []\n', /unknown key "rules"/],
    [
      'an unknown group',
      'tests:\n  - { as: group:nobody, do: select, expect: allow }\n',
      /no group is called "nobody"/,
    ],
    [
      'an unknown rule',
      'tests:\n  - { as: everyone, do: select, expect: deny, by: gone }\n',
      /no rule is called "gone"/,
    ],
    ['braces', '{ tests: [{ as: everyone, do: select, expect: deny }] }\n', /begins with "tests:"/],
    ['two documents', 'tests: []\n---\ntests: []\n', /document/],
  ])('are refused with %s', (_what, text, message) => {
    const result = run(text);
    expect(result.ok ? '' : result.problems.map((problem) => problem.message).join()).toMatch(message);
    expect(result.ok ? undefined : result.problems[0]?.line).toBeLessThan(4);
  });
});
