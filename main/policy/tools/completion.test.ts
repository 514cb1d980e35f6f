import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONDITION_NAMES, FUNCTIONS } from '../condition.ts';
import { testContext } from '../testing.ts';
import { completionsAt, hoverAt } from './completion.ts';
import { CALLS, FACTS, keyDocumentation, WORDS } from './documentation.ts';
import { everySpot, wordsAt } from './schema-walk.ts';

const HEAD = `version: 1
groups: { analysts: [/analysts], dba: [/dba] }
agents: { scout: { for: [group:analysts], maxMinutes: 60 } }
services: { nightly: { groups: [dba], client: nightly } }
grants: { unmask: { for: [group:analysts], approval: none, maxMinutes: 30 } }
`;

/** `|` is the cursor. */
function at(marked: string) {
  const text = HEAD + marked;
  const offset = text.indexOf('|');
  return { text: text.slice(0, offset) + text.slice(offset + 1), offset };
}

function labels(marked: string): readonly string[] {
  const { text, offset } = at(marked);
  return completionsAt(text, offset, testContext).map(({ label }) => label);
}

/** The text once the completion has been taken. */
function taken(marked: string, label: string): string {
  const { text, offset } = at(marked);
  const found = completionsAt(text, offset, testContext).find((one) => one.label === label);
  if (found === undefined) throw new Error(`${label} is not offered`);
  return (text.slice(0, found.from) + found.insert + text.slice(found.to)).slice(HEAD.length);
}

describe('what is offered at the cursor', () => {
  it.each<[string, string, readonly string[]]>([
    ['keys of the file that are not there yet', 'te|', ['tests']],
    ['keys of a rule in braces', 'rules:\n  - { id: x, al| }\n', ['allow']],
    ['keys of a rule whose brace is not closed', 'rules:\n  - { id: x, al|\n  - { id: y, deny: all }\n', ['allow']],
    ['keys of a rule on lines', 'rules:\n  - id: x\n    al|\n    to: everyone\n', ['allow']],
    ['keys of the first line of a rule', 'rules:\n  - al|\n', ['allow']],
    ['keys below a key', 'rules:\n  - id: x\n    in:\n      sch|\n', ['schema']],
    ['keys of limits', 'rules:\n  - { id: x, require: { limits: { rows| } } }\n', ['rows', 'rowsPerHour']],
    ['classes to mask', 'rules:\n  - { id: x, require: { mask: { em| } } }\n', ['email']],
    ['groups of classes to mask', 'rules:\n  - { id: x, require: { mask: { p| } } }\n', ['pii', 'payment']],
    ['strengths of masks', 'rules:\n  - { id: x, require: { mask: { pii: | } } }\n', ['partial', 'redact', 'null']],
    ['actions', 'rules:\n  - { id: x, allow: sel| }\n', ['select']],
    ['actions in a list', 'rules:\n  - id: x\n    allow: [read, sel|]\n', ['select']],
    ['actions in a list on lines', 'rules:\n  - id: x\n    allow:\n      - read\n      - sel|\n', ['select']],
    ['environments', 'rules:\n  - { id: x, in: { env: | } }\n', ['development', 'staging', 'production']],
    [
      'selectors',
      'rules:\n  - { id: x, to: | }\n',
      ['everyone', 'agent', 'agent:scout', 'service', 'service:nightly', 'group:analysts', 'group:dba', 'person:'],
    ],
    ['selectors by their beginning', 'rules:\n  - { id: x, to: [group:an|] }\n', ['group:analysts']],
    ['selectors after their colon', 'rules:\n  - id: x\n    to: group:|\n', ['group:analysts', 'group:dba']],
    [
      'approvers',
      'rules:\n  - { id: x, require: { approval: { from: | } } }\n',
      ['owner-team', 'group:analysts', 'group:dba', 'person:'],
    ],
    ['connections', 'rules:\n  - { id: x, in: { connection: shop-s| } }\n', ['shop-staging']],
    ['grants', 'rules:\n  - { id: x, unless: { grant: | } }\n', ['unmask']],
    ['groups without a selector', 'rules:\n  - { id: x, unless: { group: | } }\n', ['analysts', 'dba']],
    [
      'rules in tests',
      'rules:\n  - { id: no-drop, deny: drop }\ntests:\n  - { as: everyone, do: drop, expect: deny, by: | }\n',
      ['no-drop'],
    ],
    ['actions in tests', 'tests:\n  - { as: everyone, do: dr| }\n', ['drop']],
    ['facts in conditions', 'rules:\n  - { id: x, deny: all, when: rows.| }\n', ['rows.estimate']],
    ['facts behind an operator', "rules:\n  - id: x\n    when: '!person.ver|'\n", ['person.verified']],
    [
      'facts in a quote that is not closed',
      'rules:\n  - id: x\n    when: "now.hour < 6 && usage|\n',
      ['usage.rowsLastHour'],
    ],
    ['claims in conditions of services', 'services:\n  ci: { when: claims.rep| }\n', ['claims.repository']],
    ['time zones', 'timezone: Europe/Berl|\n', ['Europe/Berlin']],
    ['forms of permits', 'rules:\n  - { id: x, permit: eq| }\n', ['equality']],
    ['the words of a switch', 'rules:\n  - { id: x, require: { reason: | } }\n', ['true']],
    ['keys of a step-up', 'rules:\n  - { id: x, require: { stepUp: { m| } } }\n', ['minutes']],
    ['nothing where a name is new', 'rules:\n  - { id: | }\n', []],
    ['nothing in a comment', 'rules:\n  # al|\n  - { id: x, deny: all }\n', []],
    ['nothing below a key that nobody knows', 'rules:\n  - { id: x, alow: | }\n', []],
  ])('is %s', (_what, marked, expected) => {
    expect(labels(marked)).toEqual(expected);
  });

  it('leaves out keys that are there already', () => {
    expect(labels('rules:\n  - { id: x, deny: all, | }\n')).not.toContain('deny');
  });

  it.each([
    ['the colon of a key', 'rules:\n  - { id: x, al| }\n', 'allow', 'rules:\n  - { id: x, allow:  }\n'],
    ['no second colon', 'rules:\n  - { id: x, al|: read }\n', 'allow', 'rules:\n  - { id: x, allow: read }\n'],
    [
      'the whole selector',
      'rules:\n  - { id: x, to: group:an| }\n',
      'group:analysts',
      'rules:\n  - { id: x, to: group:analysts }\n',
    ],
    [
      'the fact alone',
      "rules:\n  - { id: x, when: '!person.v|' }\n",
      'person.verified',
      "rules:\n  - { id: x, when: '!person.verified' }\n",
    ],
  ])('inserts %s', (_what, marked, label, text) => {
    expect(taken(marked, label)).toBe(text);
  });

  it('says a line about each', () => {
    const { text, offset } = at('rules:\n  - { id: x, | }\n');
    for (const { label, detail } of completionsAt(text, offset, testContext)) expect(detail, label).not.toBe('');
  });

  it('is nothing in a text that is nested beyond all measure', () => {
    for (const text of ['['.repeat(5_000), '{a: '.repeat(2_000), '- '.repeat(5_000)])
      expect(completionsAt(text, text.length, testContext)).toEqual([]);
  });

  it('never fails, whatever the text and wherever the cursor', () => {
    const piece = fc.constantFrom(
      'rules:',
      '\n',
      '  ',
      '- ',
      '{ ',
      ' }',
      '[',
      ']',
      'id: x',
      'allow: ',
      'to: group:',
      '"',
      "'",
      '#',
      ',',
      '&a',
      '*a',
      '!x',
      '|',
      '>',
      '? ',
      '---\n',
      '\t',
      'when: ',
      '\u0000',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), fc.nat(60), (pieces, offset) => {
        const text = pieces.join('');
        completionsAt(text, offset, testContext);
        hoverAt(text, offset, testContext);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('what a word means', () => {
  it.each([
    ['a key', 'rules:\n  - { id: x, de|ny: all }\n', '**deny** What the rule denies, whatever others allow.'],
    ['a key of a record', 'rules:\n  - { id: x, require: { mask: { em|ail: partial } } }\n', '**email** class, of pii'],
    ['an action', 'rules:\n  - { id: x, deny: al|l }\n', '**all** Every action.'],
    ['a selector', 'rules:\n  - { id: x, to: gr|oup:dba }\n', '**group:dba** group of this policy'],
    [
      'a fact',
      'rules:\n  - { id: x, when: rows.est|imate > 10 }\n',
      '**rows.estimate** whole number: rows that the statement would touch, or that would leave',
    ],
    [
      'a call',
      'rules:\n  - { id: x, when: person.email.ends|With("x") }\n',
      '**person.email.endsWith** text.endsWith(text)',
    ],
  ])('is said of %s', (_what, marked, words) => {
    const { text, offset } = at(marked);
    expect(hoverAt(text, offset, testContext)?.text).toBe(words);
  });

  it('is not said of what has no meaning of its own', () => {
    const { text, offset } = at('rules:\n  - { id: na|me }\n');
    expect(hoverAt(text, offset, testContext)).toBeNull();
  });

  it('is known of every key, word, fact and function of the language', () => {
    for (const spot of everySpot()) {
      expect(keyDocumentation(spot.keys), spot.keys.join('.')).toBeDefined();
      for (const word of wordsAt(spot)) expect(WORDS[word], word).toBeDefined();
    }
    for (const fact of CONDITION_NAMES) expect(FACTS[fact], fact).toBeDefined();
    for (const call of FUNCTIONS) expect(CALLS[call], call).toBeDefined();
  });
});
