import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from './compile.ts';
import { evaluate } from './evaluate.ts';
import { permitted, type WantedUse } from './permits.ts';
import { runPolicyTests } from './policy-tests.ts';
import { compiled, question, testContext } from './testing.ts';
import { PERMIT_FORMS, USE_FORMS } from './vocabulary.ts';
import { printProblems } from './yaml-file.ts';

const HEAD = `version: 1
groups: { staff: [staff], night: [night] }
rules:
`;
const EQUALITY: WantedUse = { form: 'equality', class: 'email', group: 'pii' };
const staff = (more: object = {}) => question({ asker: { groups: ['staff'], verified: true, ...more } });

function given(rules: string, wanted: WantedUse, asked = staff()): readonly string[] {
  return permitted(compiled(`${HEAD}${rules}`), asked, wanted).given.map((permit) => permit.reference.id);
}

const malformed: readonly (readonly [string, string, string | RegExp])[] = [
  [
    'equality without a budget',
    '  - { id: a, permit: equality, of: pii }',
    /^policy.yaml:4:14: rule a permits equality without "budget: \{ perDay: NUMBER \}"/,
  ],
  [
    'no classes',
    '  - { id: a, permit: group }',
    /^policy.yaml:4:14: rule a does not say of which classes: add "of" \(choices: \*, pii, email/,
  ],
  [
    'a class that does not exist',
    '  - { id: a, permit: group, of: [pii, pie] }',
    /^policy.yaml:4:39: no class or group of classes is called "pie" \(choices: \*, pii/,
  ],
  [
    'a form that does not exist',
    '  - { id: a, permit: like, of: pii }',
    /rules\.permit is not one of its choices \(choices: nullness, equality, join, group, aggregate, cardinality, conflict, view, clear\)/,
  ],
  [
    'groups of four',
    '  - { id: a, permit: group, of: pii, minimum: 4 }',
    /^policy.yaml:4:38: rules.minimum: must be at least 5 rows/,
  ],
  [
    'a minimum for what has no groups',
    '  - { id: a, permit: nullness, of: pii, minimum: 10 }',
    'policy.yaml:4:41: rule a: "minimum" belongs to permit: group or aggregate',
  ],
  [
    'a view without a list',
    '  - { id: a, permit: view, of: pii }',
    /^policy.yaml:4:14: rule a permits view without "views"/,
  ],
  [
    'views for something else',
    '  - { id: a, permit: group, of: pii, views: public.v }',
    'policy.yaml:4:38: rule a: "views" belongs to permit: view',
  ],
  ['a view without its schema', '  - { id: a, permit: view, of: pii, views: v }', /must be of the form schema\.view/],
  [
    'a budget for what is seen in clear',
    '  - { id: a, permit: clear, of: pii, budget: { perDay: 3 } }',
    /^policy.yaml:4:38: rule a: what a view shows/,
  ],
  ['no uses a day', '  - { id: a, permit: equality, of: pii, budget: { perDay: 0 } }', /rules\.budget\.perDay/],
  [
    'recording what has no value',
    '  - { id: a, permit: join, of: pii, record: true }',
    'policy.yaml:4:37: rule a: "record" belongs to permit: equality',
  ],
  ['actions', '  - { id: a, permit: join, of: pii, on: read }', /^policy.yaml:4:37: rule a: "on" belongs to require/],
  [
    'another effect beside it',
    '  - { id: a, permit: join, of: pii, allow: read }',
    /rule a has allow and permit, and a rule has exactly one/,
  ],
  [
    'its parts in another rule',
    '  - { id: a, allow: read, of: pii }',
    'policy.yaml:4:27: rule a: "of" belongs to permit',
  ],
  [
    'its budget in another rule',
    '  - { id: a, require: { reason: true }, budget: { perDay: 3 } }',
    'policy.yaml:4:41: rule a: "budget" belongs to permit',
  ],
  [
    'a group that does not exist',
    '  - { id: a, permit: join, of: pii, to: group:stuff }',
    'policy.yaml:4:37: no group is called "stuff" (choices: staff, night)',
  ],
  [
    'a test of a class that does not exist',
    '  []\ntests:\n  - { as: everyone, do: select, expect: deny, uses: { pie: none } }',
    /^policy.yaml:6:55: no class is called "pie"/,
  ],
  [
    'a test of a form that does not exist',
    '  []\ntests:\n  - { as: everyone, do: select, expect: deny, uses: { email: [like] } }',
    /choices: nullness, equality/,
  ],
];

describe('a permit in a policy file', () => {
  it.each(malformed)('is refused with %s, with its line', (_, rules, problem) => {
    const result = compilePolicy(`${HEAD}${rules}\n`, testContext);
    const printed = result.ok ? ['accepted'] : printProblems('policy.yaml', result.problems).split('\n');
    expect(printed).toContainEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem));
  });

  it('asks for groups of ten where it names no number', () => {
    const policy = compiled(`${HEAD}  - { id: a, permit: group, of: pii }`);
    expect(policy.permits).toMatchObject([{ minimum: 10 }]);
  });
});

describe('who may use a column so', () => {
  const RULE =
    '  - { id: a, permit: equality, of: pii, to: group:staff, in: { env: production, table: orders }, budget: { perDay: 3 } }';

  it('is whom the permit names, where it names, for its classes and its form', () => {
    expect(given(RULE, EQUALITY)).toEqual(['a']);
    expect(given(RULE, { ...EQUALITY, class: 'card', group: 'payment' })).toEqual([]);
    expect(given(RULE, { ...EQUALITY, form: 'join' })).toEqual([]);
    expect(given(RULE, EQUALITY, question({ asker: { groups: ['night'], verified: true } }))).toEqual([]);
    expect(given(RULE, EQUALITY, { ...staff(), relation: { schema: 'public', name: 'staff' } })).toEqual([]);
    expect(given(RULE, EQUALITY, { ...staff(), relation: 'unknown' })).toEqual([]);
  });

  it('is nobody whose groups are not known, and nobody under a condition that cannot be evaluated', () => {
    expect(given(RULE, EQUALITY, question({ asker: { groups: 'unknown', verified: true } }))).toEqual([]);
    const when = '  - { id: a, permit: equality, of: pii, budget: { perDay: 3 }, when: person.acr == "high" }';
    expect(given(when, EQUALITY)).toEqual([]);
    expect(given(when, EQUALITY, staff({ acr: 'high' }))).toEqual(['a']);
  });

  it('is nobody who is exempt from the permit', () => {
    const rule = '  - { id: a, permit: equality, of: pii, budget: { perDay: 3 }, unless: { group: night } }';
    expect(given(rule, EQUALITY, question({ asker: { groups: ['staff', 'night'], verified: true } }))).toEqual([]);
  });

  it('is no agent, unless a permit names agents and its person has one', () => {
    const agent = staff({ agent: { id: 'x' } });
    expect(given(RULE, EQUALITY, agent)).toEqual([]);
    const both = `${RULE}\n  - { id: b, permit: equality, of: email, to: agent, budget: { perDay: 9 } }`;
    expect(given(both, EQUALITY, agent)).toEqual(['b', 'a']);
    expect(given(both, EQUALITY, question({ asker: { groups: [], verified: true, agent: { id: 'x' } } }))).toEqual([]);
    expect(
      given(
        '  - { id: c, permit: equality, of: email, to: [group:staff, agent], budget: { perDay: 9 } }',
        EQUALITY,
        agent,
      ),
    ).toEqual(['c']);
  });

  it('has the permit that gives most', () => {
    const rule = (id: string, perDay: number) =>
      `  - { id: ${id}, permit: equality, of: '*', budget: { perDay: ${String(perDay)} } }\n`;
    expect(given(rule('a', 3) + rule('b', 30) + rule('c', 30), EQUALITY)).toEqual(['b']);
  });

  it('may use what stands in the views that are listed, and in no others', () => {
    const rule = '  - { id: a, permit: view, of: pii, views: [public.v, crm.w] }';
    const view = (name: string) => given(rule, { form: 'view', class: 'email', group: 'pii', view: name });
    expect([view('crm.w'), view('public.w'), view('public.v')]).toEqual([['a'], [], ['a']]);
  });
});

describe('the permits of the example', () => {
  it('are as its own tests say', () => {
    const policy = compiled(readFileSync(new URL('../../docs/examples/policy.yaml', import.meta.url), 'utf8'));
    expect(
      runPolicyTests(policy).flatMap(({ title, differences }) => differences.map((one) => `${title}: ${one}`)),
    ).toEqual([]);
    expect(new Set(policy.permits.flatMap((permit) => [...permit.forms])), 'each form is shown').toEqual(
      new Set(PERMIT_FORMS),
    );
  });

  it('are told from those that a test expects', () => {
    const policy = compiled(`${HEAD}  - { id: a, allow: read }
  - { id: b, permit: [join, group], of: email }
tests:
  - { as: everyone, do: select, expect: allow, uses: { email: [group, join] } }
  - { as: everyone, do: select, expect: allow, uses: { email: group } }
  - { as: everyone, do: select, expect: allow, uses: { email: none } }
`);
    expect(runPolicyTests(policy).flatMap(({ differences }) => differences)).toEqual([
      'expected uses of email: group, got join, group',
      'expected uses of email: none, got join, group',
    ]);
  });
});

describe('permits beside other rules', () => {
  const rule = fc.record({
    form: fc.constantFrom(...USE_FORMS.filter((form) => form !== 'view')),
    of: fc.constantFrom('*', 'pii', 'email', 'card'),
    to: fc.constantFrom('everyone', 'agent', 'group:staff', 'group:night'),
  });
  const written = (rules: readonly { form: string; of: string; to: string }[]): string =>
    rules
      .map(
        ({ form, of, to }, at) =>
          `  - { id: p${String(at)}, permit: ${form}, of: '${of}', to: '${to}', budget: { perDay: 5 } }\n`,
      )
      .join('');
  const OTHERS = `  - { id: read, allow: read, to: [group:staff, agent] }
  - { id: no, deny: select, in: { table: secrets } }
  - { id: mask, require: { mask: { pii: partial } } }
`;
  const askers = fc.record({
    groups: fc.subarray(['staff', 'night']),
    agent: fc.boolean(),
    table: fc.constantFrom('orders', 'secrets'),
  });

  it('change no answer about actions and what they are bound by', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), askers, (rules, { groups, agent, table }) => {
        const asked = question({
          asker: { groups, verified: true, ...(agent ? { agent: { id: 'x' } } : {}) },
          relation: { schema: 'public', name: table },
        });
        const [one, other] = [OTHERS, OTHERS + written(rules)].map((text) => {
          const { policy: _, ...answer } = evaluate(compiled(HEAD + text), asked);
          return answer;
        });
        expect(other).toEqual(one);
      }),
    );
  });

  it('give more with every one that is added, in whatever order they stand', () => {
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), askers, (rules, { groups, agent }) => {
        const asked = question({ asker: { groups, verified: true, ...(agent ? { agent: { id: 'x' } } : {}) } });
        const forms = (text: string): readonly string[] => {
          const policy = compiled(HEAD + text);
          return USE_FORMS.filter(
            (form) => permitted(policy, asked, { form, class: 'email', group: 'pii' }).given.length > 0,
          );
        };
        const lines = written(rules)
          .split('\n')
          .filter((line) => line !== '');
        const all = forms(lines.join('\n'));
        expect(all).toEqual(expect.arrayContaining([...forms(OTHERS + lines.slice(1).join('\n'))]));
        expect(forms([...lines].reverse().join('\n'))).toEqual(all);
      }),
    );
  });
});
