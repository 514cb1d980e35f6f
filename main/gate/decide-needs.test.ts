import { describe, expect, it } from 'vitest';
import { type Principal } from '../identity/principal.ts';
import { decide } from './decide.ts';
import { ana, asked, codesOf, nightly, NOW, policyWith, scout, shop } from './testing/questions.ts';

const before = (minutes: number): string => new Date(NOW.getTime() - minutes * 60_000).toISOString();

describe('a rule that wants a reason', () => {
  const policy = policyWith(
    '{ id: why, require: { reason: true }, text: "customers ask us" }',
    '{ id: agents, allow: read, to: agent }',
  );

  it.each([
    ['nothing', undefined],
    ['nothing at all', ''],
    ['spaces', '          '],
    ['punctuation', '... --- ...'],
    ['zero-width spaces', '\u200b\u200b\u200b\u200b\u200b'],
    ['letters that nobody sees', '\u3164\u3164\u3164\u115f\u1160\uffa0'],
    ['marks of direction', '\u202e\u202d\u2066\u2069\u200f'],
    ['tag characters', '\u{e0061}\u{e0062}\u{e0063}\u{e0064}'],
    ['two letters', 'ok'],
    ['two letters and much air', 'o\u200b\u200b\u200b k \u3164'],
  ])('is not satisfied by %s', (_what, reason) => {
    expect(codesOf(decide(asked(policy, reason === undefined ? {} : { reason })))).toBe('reason-needed');
  });

  it.each(['ticket 4711', 'Kunde ruft an', '顧客からの問い合わせ', 'ŽĎÁ'])('is satisfied by %s', (reason) => {
    expect(codesOf(decide(asked(policy, { reason })))).toBe('allow');
  });

  it('says its own words, and how to give one', () => {
    const verdict = decide(asked(policy));
    expect(verdict).toMatchObject({
      reasons: [
        {
          sentence: 'The policy wants to know why (rule why): customers ask us.',
          next: expect.stringContaining('--reason') as string,
        },
      ],
    });
  });

  it('may be satisfied by an agent and by a service, which can say why as well', () => {
    for (const principal of [scout, nightly])
      expect(codesOf(decide(asked(policy, { principal, reason: 'monthly report' })))).toBe('allow');
  });
});

describe('a rule that wants a fresh proof', () => {
  const policy = policyWith(
    '{ id: fresh, require: { stepUp: { minutes: 10 } } }',
    '{ id: fresher, require: { stepUp: { minutes: 5 } }, in: { env: production } }',
    '{ id: agents, allow: read, to: agent }',
  );
  const when = (steppedUpAt: string | undefined, of: Principal = ana): string =>
    codesOf(decide(asked(policy, { principal: steppedUpAt === undefined ? of : { ...of, steppedUpAt } })));

  it.each([
    ['never', undefined, 'step-up-needed'],
    ['now', before(0), 'allow'],
    ['just within the strictest minutes', before(5), 'allow'],
    ['just past them', before(5.01), 'step-up-needed'],
    ['within those of a rule that is less strict', before(9), 'step-up-needed'],
    ['a moment ahead, by a clock that differs', before(-0.9), 'allow'],
    ['in the future', before(-30), 'step-up-needed'],
    ['at no time at all', 'yesterday', 'step-up-needed'],
  ])('where it was given %s', (_when, steppedUpAt, expected) => {
    expect(when(steppedUpAt)).toBe(expected);
  });

  it('is never satisfied by an agent or a service, whatever its principal says', () => {
    expect(when(before(0), scout)).toBe('step-up-needed');
    expect(when(before(0), nightly)).toBe('step-up-needed');
    expect(decide(asked(policy, { principal: scout }))).toMatchObject({
      reasons: [{ next: 'A person has to run it.' }],
    });
  });

  it('stands beside a reason that is missing, so that both are asked for at once', () => {
    const both = policyWith('{ id: both, require: { stepUp: true, reason: true } }');
    expect(codesOf(decide(asked(both)))).toBe('reason-needed step-up-needed');
  });
});

describe('a login for some connections', () => {
  it('is for no other, before anything else is said of the statement', () => {
    expect(codesOf(decide(asked(policyWith(), { connections: ['staging'] })))).toBe('connection-withheld');
    expect(codesOf(decide(asked(policyWith(), { connections: [] })))).toBe('connection-withheld');
    expect(codesOf(decide(asked(policyWith(), { connections: ['staging', shop.name] })))).toBe('allow');
  });
});
