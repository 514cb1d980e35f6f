import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import { type DecideInput } from './decide-access.ts';
import { decideLeaving, type Departing } from './decide-leaving.ts';
import { ana, asked, codesOf, facts, nightly, policyWith, selecting } from './testing/questions.ts';
import { type Allow } from './verdict.ts';

function allowed(input: DecideInput): Allow {
  const verdict = decide(input);
  if (verdict.verdict !== 'allow') throw new Error(codesOf(verdict));
  return verdict;
}

const foreseen = (...rules: readonly string[]) => allowed(asked(policyWith(...rules))).leaving;

function leaves(
  rules: readonly string[],
  departing: Partial<Departing> = {},
  then: Partial<DecideInput> = {},
  now: Partial<DecideInput> = {},
) {
  const policy = policyWith(...rules);
  const shown = allowed(asked(policy, then));
  return decideLeaving(asked(policy, { ...then, ...now }), shown, { rows: 10, bytes: 1000, ...departing });
}

describe('whether rows may leave, as foreseen', () => {
  it('is yes wherever they may be read and no rule says more', () => {
    expect(foreseen()).toEqual({ kind: 'yes' });
  });

  it('is no where export is denied, or the result may not leave', () => {
    expect(foreseen('{ id: stay, deny: export, text: ask us }')).toMatchObject({
      kind: 'no',
      rule: { id: 'stay' },
      sentence: 'The policy does not let you take rows out of public.customers on Shop (rule stay): ask us.',
    });
    expect(foreseen('{ id: stay, require: { noExport: true } }')).toMatchObject({ kind: 'no', rule: { id: 'stay' } });
  });

  it('is no for the tables that a rule names, and for no other', () => {
    expect(foreseen('{ id: stay, deny: export, in: { table: customers } }').kind).toBe('no');
    expect(foreseen('{ id: stay, deny: export, in: { table: orders } }').kind).toBe('yes');
  });

  it('is asked then where it depends on how many leave', () => {
    for (const rule of [
      '{ id: many, deny: export, when: rows.estimate > 1000 }',
      '{ id: many, require: { approval: { from: group:dba } }, on: export, when: rows.estimate > 1000 }',
      '{ id: many, require: { noExport: true }, when: rows.estimate > 1000 }',
    ])
      expect(foreseen(rule), rule).toMatchObject({ kind: 'asked-then', rules: [{ id: 'many' }] });
  });

  it('names a bound of rows that may leave', () => {
    expect(foreseen('{ id: few, require: { limits: { rows: 1000 } }, on: export }')).toMatchObject({
      kind: 'asked-then',
      sentence: 'At most 1,000 rows of it may leave the screen (rule few).',
    });
    expect(foreseen('{ id: few, require: { limits: { rows: 1000 } } }').kind).toBe('yes');
  });

  it('is sure where one rule depends on the number and another does not', () => {
    expect(
      foreseen('{ id: many, deny: export, when: rows.estimate > 1000 }', '{ id: none, deny: export }'),
    ).toMatchObject({ kind: 'no', rule: { id: 'none' } });
  });

  it('is asked of a statement that reads no table', () => {
    const input = asked(policyWith('{ id: stay, deny: export }'), {
      facts: { ...facts, relations: [] },
      lineage: selecting([]),
    });
    expect(allowed(input).leaving).toMatchObject({
      kind: 'no',
      sentence: 'The policy does not let you take rows of this out on Shop (rule stay).',
    });
  });
});

describe('rows that leave', () => {
  it('may, where nothing speaks against it', () => {
    expect(leaves([])).toMatchObject({ verdict: 'allow' });
  });

  it.each([
    ['export is denied', '{ id: r, deny: export }', 'export-refused'],
    ['the result is to stay', '{ id: r, require: { noExport: true } }', 'export-refused'],
    ['reading is denied by now', '{ id: r, deny: select, when: usage.rowsLastHour > 5 }', 'export-refused'],
    [
      'somebody has to approve',
      '{ id: r, require: { approval: { from: group:dba } }, on: export }',
      'export-needs-approval',
    ],
    ['a reason is wanted for that', '{ id: r, require: { reason: true }, on: export }', 'reason-needed'],
    ['a fresh proof is wanted for that', '{ id: r, require: { stepUp: true }, on: export }', 'step-up-needed'],
    [
      'nothing else can be recorded elsewhere',
      '{ id: r, require: { record: uploaded }, on: export }',
      'obligation-unmet',
    ],
    ['there are more than may leave', '{ id: r, require: { limits: { rows: 9 } }, on: export }', 'export-refused'],
    ['they are larger than may leave', '{ id: r, require: { limits: { bytes: 999 } }, on: export }', 'export-refused'],
  ])('do not where %s', (_why, rule, code) => {
    const rowsLastHour = (had: number): Partial<DecideInput> => ({ rowsLastHour: had });
    const verdict = leaves([rule], {}, rowsLastHour(0), rowsLastHour(6));
    expect(codesOf(verdict)).toBe(code);
  });

  it.each([
    ['deny: export', 'export-refused'],
    ['require: { approval: { from: group:dba } }, on: export', 'export-needs-approval'],
  ])('are counted for a rule about their number: %s', (effect, code) => {
    const rule = `{ id: many, ${effect}, when: rows.estimate > 1000 }`;
    expect(codesOf(leaves([rule], { rows: 1000 }))).toBe('allow');
    expect(codesOf(leaves([rule], { rows: 1001 }))).toBe(code);
  });

  it('name who would have to approve', () => {
    const verdict = leaves(['{ id: four-eyes, require: { approval: { from: group:dba } }, on: export }']);
    expect(verdict).toMatchObject({
      reasons: [{ sentence: 'Taking these rows out needs the approval of somebody else from dba (rule four-eyes).' }],
    });
  });

  it('carry a watermark where a rule wants one on the screen, or on what leaves', () => {
    for (const on of ['', ', on: export'])
      expect(leaves([`{ id: mark, require: { watermark: true }${on} }`])).toMatchObject({ watermark: { id: 'mark' } });
  });

  it('of a service are asked about as its own', () => {
    const stay = '{ id: stay, deny: export, to: service }';
    expect(codesOf(leaves([stay], {}, { principal: nightly }))).toBe('export-refused');
    expect(codesOf(leaves([stay], {}, { principal: ana }))).toBe('allow');
  });
});

describe('a result that something let its asker see', () => {
  const MASKED = '{ id: masked, require: { mask: { pii: partial } }, unless: { grant: unmask } }';
  const granted = { grants: ['unmask'] };
  const ended = { grants: [] };

  it('leaves while that lasts', () => {
    expect(codesOf(leaves([MASKED], {}, granted))).toBe('allow');
  });

  it('stays once the grant has ended', () => {
    expect(leaves([MASKED], {}, granted, ended)).toMatchObject({
      verdict: 'refuse',
      reasons: [
        {
          code: 'export-refused',
          sentence:
            '"email" is in this result as something let you see it, and leaves only as rule masked masks it for you now.',
        },
      ],
    });
  });

  it('stays where it was computed from what is masked now', () => {
    const computed = { ...granted, lineage: selecting(['email'], 'computed') };
    expect(codesOf(leaves([MASKED], {}, computed, ended))).toBe('export-refused');
  });

  it('leaves where nothing of that is in it', () => {
    expect(codesOf(leaves([MASKED], {}, { ...granted, lineage: selecting(['id']) }, ended))).toBe('allow');
  });

  it('leaves as it was masked, and not where what leaves has to be masked more', () => {
    const partial = '{ id: masked, require: { mask: { pii: partial } } }';
    expect(codesOf(leaves([partial]))).toBe('allow');
    for (const strength of ['redact', "'null'"])
      expect(
        codesOf(leaves([partial, `{ id: out, require: { mask: { pii: ${strength} } }, on: export }`])),
        strength,
      ).toBe('export-refused');
    const redacted = '{ id: masked, require: { mask: { pii: redact } }, on: read }';
    expect(codesOf(leaves([redacted, '{ id: out, require: { mask: { pii: partial } }, on: export }']))).toBe('allow');
  });
});
