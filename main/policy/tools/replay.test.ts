import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { compiled } from '../testing.ts';
import { readRecordedDecision, recordedQuestion, type RecordedDecision } from './recorded-decision.ts';
import { replay, type RecordedVerdict, type Replayed } from './replay.ts';

const BASE = `
version: 1
groups: { analysts: [/analysts], engineers: [/engineers] }
rules:
  - { id: read, allow: read, to: [group:analysts, group:engineers] }
  - { id: change, allow: [write, ddl], to: group:engineers }
  - { id: masked, require: { mask: { pii: partial }, limits: { rows: 1000 } } }
  - { id: hr, deny: all, in: { schema: hr } }
`;
const base = compiled(BASE);

type Change = Partial<
  Pick<RecordedDecision, 'action' | 'allowed' | 'columns' | 'cut' | 'rowsLastHour' | 'agent' | 'views'>
> & {
  readonly groups?: readonly string[];
  readonly table?: string;
};

/** A decision as the gate would have recorded it under the base policy. */
function recorded({
  groups = ['/analysts'],
  table = 'public.customers',
  action = 'select',
  ...change
}: Change = {}): RecordedDecision {
  const [schema = '', name = ''] = table.split('.');
  const input = {
    v: 1,
    at: '2026-11-20T10:00:00.000Z',
    action,
    person: { name: 'Ana', email: 'ana@shop.example', groups, verified: true },
    connection: { name: 'shop', env: 'production', database: 'shop', team: 'payments' },
    grants: [],
    asked: [...new Set([action, 'select'])].map((one, answer) => ({ action: one, on: { schema, name }, answer })),
    ...change,
  };
  const answersOf = (asked: RecordedDecision) =>
    asked.asked.map(({ action: one, on }) => {
      const { effect, rules, obligations } = evaluate(base, recordedQuestion(asked, one, on));
      const masks = [...obligations.masks].map(([key, { strength, rule }]) => [key, [strength, rule.id]] as const);
      return {
        effect,
        rules: rules.map(({ id }) => id),
        ...(masks.length === 0 ? {} : { masks: Object.fromEntries(masks) }),
        rows: obligations.rows?.value,
      };
    });
  const read = (value: object): RecordedDecision => {
    const found = readRecordedDecision(Buffer.from(JSON.stringify(value)));
    if (found === undefined) throw new Error('the recorded decision cannot be read');
    return found;
  };
  return read({
    ...input,
    answers: answersOf(read({ ...input, answers: [1, 2].map(() => ({ effect: 'deny', rules: [] })) })),
  });
}

const email = (more: Partial<RecordedDecision['columns'][number]>): RecordedDecision['columns'] => [
  { column: ['public', 'customers', 'email'], class: 'email', group: 'pii', ...more },
];
const SHOWN = email({ output: 0, shows: 'plain' });

const ALLOWED: RecordedVerdict = { decision: 'allow', codes: [], cleared: [] };
const refused = (...codes: readonly string[]): RecordedVerdict => ({ decision: 'refuse', codes, cleared: [] });

function under(from: string | RegExp, to: string, decision: RecordedDecision, verdict: RecordedVerdict): Replayed {
  const text = BASE.replace(from, to);
  if (text === BASE) throw new Error(`the policy does not hold ${String(from)}`);
  return replay(compiled(text), decision, verdict);
}

const words = (replayed: Replayed): string => {
  if (replayed.kind === 'same') return 'same';
  if (replayed.kind === 'skipped') return `skipped: ${replayed.why}`;
  return `${replayed.before} -> ${replayed.after}: ${replayed.changes.join('; ')} (${replayed.rules.join(', ')})`;
};

describe('what another policy makes of a recorded statement', () => {
  it('is the same under the same policy', () => {
    for (const change of [{}, { columns: SHOWN }, { groups: ['/engineers'], action: 'update' as const }])
      expect(words(replay(base, recorded(change), ALLOWED))).toBe('same');
    expect(words(replay(base, recorded({ table: 'hr.people' }), refused('denied')))).toBe('same');
  });

  it.each<[string, string | RegExp, string, Change, RecordedVerdict, string]>([
    [
      'a deny that is new',
      'schema: hr',
      'schema: [hr, public]',
      {},
      ALLOWED,
      'allow -> refuse: refused by hr (hr, masked, read)',
    ],
    [
      'an allow that is gone',
      'to: [group:analysts, ',
      'to: [',
      {},
      ALLOWED,
      'allow -> refuse: no rule allows select on public.customers (masked, read)',
    ],
    [
      'a deny that is gone',
      / {2}- \{ id: hr.*/,
      '',
      { table: 'hr.people' },
      refused('denied'),
      'refuse -> allow: allowed: a rule denied it (hr, masked, read)',
    ],
    [
      'an approval',
      'mask: { pii: partial }',
      'mask: { pii: partial }, approval: { from: owner-team }',
      {},
      ALLOWED,
      'allow -> refuse: needs approval of owner-team ()',
    ],
    ['fewer rows', 'rows: 1000', 'rows: 10', {}, ALLOWED, 'allow -> allow: rows: 1,000 -> 10 ()'],
    ['no bound of rows', ', limits: { rows: 1000 }', '', {}, ALLOWED, 'allow -> allow: rows: 1,000 -> no bound ()'],
    ['a reason that is still asked for', 'mask: {', 'reason: true, mask: {', {}, refused('reason-needed'), 'same'],
    [
      'a reason that is not asked for any more',
      'rows: 1000',
      'rows: 100',
      {},
      refused('reason-needed'),
      'refuse -> allow: allowed: it needed a reason ()',
    ],
    [
      'a step-up that is asked for in the place of a deny',
      'id: hr, deny: all, in: { schema: hr }',
      'id: hr, require: { stepUp: true }, in: { schema: hr }',
      { table: 'hr.people' },
      refused('denied'),
      'refuse -> allow: allowed: a rule denied it; needs a step-up (masked, read)',
    ],
    [
      'rows that may not leave',
      'rules:',
      'rules:\n  - { id: stay, deny: export }',
      { allowed: { leaving: 'yes' } },
      ALLOWED,
      'allow -> allow: rows may leave -> rows stay on the screen ()',
    ],
    [
      'rows that may leave by their number',
      'rules:',
      'rules:\n  - { id: few, deny: export, when: rows.estimate > 10 }',
      { allowed: { leaving: 'yes' } },
      ALLOWED,
      'allow -> allow: rows may leave -> how many rows may leave is asked when they do ()',
    ],
    [
      'rows that may leave, of records from before that was asked',
      'rules:',
      'rules:\n  - { id: stay, deny: export }',
      { allowed: {} },
      ALLOWED,
      'same',
    ],
    ['a reason', 'mask: {', 'reason: true, mask: {', {}, ALLOWED, 'allow -> allow: needs a reason ()'],
    [
      'rows of the hour that are spent',
      'rows: 1000',
      'rows: 1000, rowsPerHour: 50',
      { rowsLastHour: 60 },
      ALLOWED,
      'allow -> refuse: refused: more than 50 rows in an hour ()',
    ],
    [
      'a stronger mask',
      'pii: partial',
      'pii: redact',
      { columns: SHOWN },
      ALLOWED,
      'allow -> allow: public.customers.email: partial -> redact ()',
    ],
    [
      'a mask that is gone',
      'mask: { pii: partial }',
      'reason: true',
      { columns: SHOWN },
      ALLOWED,
      'allow -> allow: needs a reason; public.customers.email: partial -> clear ()',
    ],
    [
      'a mask on what was permitted in clear',
      'pii: partial',
      'pii: redact',
      { columns: SHOWN },
      { ...ALLOWED, cleared: ['public.customers.email'] },
      'allow -> allow: public.customers.email: clear -> redact ()',
    ],
    [
      'a mask on what nobody sees',
      'pii: partial',
      'pii: redact',
      { columns: email({ output: 0, shows: 'bounded' }) },
      ALLOWED,
      'same',
    ],
    [
      'a mask that is gone from what was used',
      'mask: { pii: partial }, ',
      '',
      { columns: email({ place: 'predicate', form: 'equality' }) },
      refused('masked-column-used'),
      'refuse -> allow: allowed: it uses a masked column ()',
    ],
    [
      'a permit',
      'rules:',
      'rules:\n  - { id: look-up, permit: equality, of: email, budget: { perDay: 5 } }',
      { columns: email({ place: 'predicate', form: 'equality' }) },
      refused('masked-column-used'),
      'refuse -> allow: allowed: it uses a masked column ()',
    ],
    [
      'a permit of something else',
      'rules:',
      'rules:\n  - { id: look-up, permit: join, of: email }',
      { columns: email({ place: 'predicate', form: 'equality' }) },
      refused('masked-column-used'),
      'same',
    ],
    [
      'what is refused for what it is',
      / {2}- \{ id: hr.*/,
      '',
      { table: 'hr.people' },
      refused('unknown-function'),
      'same',
    ],
    [
      'a condition on what is not known',
      'schema: hr }',
      'schema: public }, when: rows.estimate > 5',
      {},
      ALLOWED,
      'skipped: the condition of rule hr asks for what was not known then',
    ],
    [
      'what touches too much',
      'rows: 1000',
      'rows: 10',
      { cut: true },
      ALLOWED,
      'skipped: it touches more than the record keeps',
    ],
  ])('tells of %s', (_what, from, to, change, verdict, expected) => {
    expect(words(under(from, to, recorded(change), verdict))).toBe(expected);
  });

  it('refuses what computes with or stores a column that is masked now', () => {
    const masked = (columns: RecordedDecision['columns'], action: RecordedDecision['action'] = 'select') =>
      words(under('pii: partial', 'payment: redact', recorded({ columns, action, groups: ['/engineers'] }), ALLOWED));
    const card = (more: object) =>
      [
        { ...email({})[0], class: 'card', group: 'payment', column: ['public', 'customers', 'card'], ...more },
      ] as RecordedDecision['columns'];
    expect(masked(card({ output: 0, shows: 'computed' }))).toContain(
      'refused: computes with the masked column public.customers.card',
    );
  });
});

describe('a recorded decision', () => {
  it.each([
    ['another version', '{"v":2}'],
    ['no JSON', 'nothing'],
    ['an answer that is not there', JSON.stringify({ ...JSON.parse(JSON.stringify(recorded())), answers: [] })],
    ['a prototype', '{"__proto__":{"v":1}}'],
  ])('of %s is not read', (_what, text) => {
    expect(readRecordedDecision(Buffer.from(text))).toBeUndefined();
  });
});
