/** Decisions that the gate makes, made again by the verifier from the record: nothing differs as it is, and every change shows. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { newDecisionCheck } from '../../verify/decision-check.ts';
import { type RecordedEvent, type StatementIntent } from '../audit/events.ts';
import { type Principal } from '../identity/principal.ts';
import { attackCatalog } from './corpus/testing/attack-corpus.ts';
import { policyLoadOf } from './record-policy.ts';
import { checkedEvents, recordedDecision } from './testing/recorded.ts';
import { connection, person, profileOf } from './testing/recorded-profile.ts';

const CLASSIFICATION = `version: 1
detect: mask
classes:
  email: { group: pii, masker: email, title: e-mail address }
  ssn: { group: pii, masker: { keep-last: 4 } }
  pay: { group: money, masker: { bucket: 1000 } }
  note: { group: pii, masker: redact }
columns:
  - classes: { public.customers.email: email, public.customers.ssn: ssn, public.people.ssn: ssn, public.people.pay: pay, public.orders.note: note }
  - connections: shop
    classes: { public.customers.salary: pay }
`;
const POLICY = `version: 1
timezone: Europe/Berlin
groups: { analysts: [idp-analysts], engineers: [idp-engineers], readers: [idp-readers] }
rules:
  - { id: read-all, allow: read, to: [group:analysts, group:engineers, group:readers] }
  - { id: change, allow: [write, ddl], to: group:engineers, when: 'now.weekday <= 5 && connection.name in ["shop", person.name]' }
  - { id: agents, allow: read, to: agent }
  - { id: closed, deny: select, in: { table: 'staff*' }, to: [group:analysts, agent] }
  - { id: masks, require: { mask: { pii: partial, money: redact } }, to: [group:analysts, group:readers, agent] }
  - { id: nulls, require: { mask: { ssn: 'null' } }, to: agent }
  - { id: views, require: { mask: { '*': redact } }, in: { table: v_ref } }
  - { id: few, require: { limits: { rows: 5000, bytes: 2 MiB, seconds: 1.5 } }, to: group:analysts }
  - { id: look-up, permit: [equality, nullness], of: [email, note], to: [group:analysts], budget: { perDay: 9 } }
  - { id: groups, permit: [group, cardinality, aggregate], of: [pii, pay], to: group:analysts, minimum: 7 }
  - { id: joins, permit: join, of: ssn, to: group:analysts }
  - { id: reviewed, permit: view, of: pii, to: group:analysts, views: [public.v_filter] }
  - { id: clear, permit: clear, of: money, to: group:readers }
`;

const MORE = [
  'SELECT email, ssn FROM customers',
  "SELECT id FROM customers WHERE email = 'a@b.c'",
  'SELECT id, note IS NULL FROM orders',
  'SELECT ssn, count(*) FROM customers GROUP BY ssn ORDER BY count(*)',
  'SELECT count(DISTINCT ssn) FROM customers',
  'SELECT city, count(*), sum(salary), avg(salary) FROM customers GROUP BY city',
  'SELECT a.id, b.id FROM customers a JOIN people b ON a.ssn = b.ssn ORDER BY a.id, b.id',
  'SELECT id FROM v_filter',
  "SELECT left(email, 3), upper(ssn) || '-' FROM customers",
  'SELECT salary, sum(salary) OVER () FROM customers',
  'SELECT ref FROM v_ref',
  'SELECT ssn FROM customers UNION ALL SELECT email FROM customers',
  'EXPLAIN SELECT ssn FROM customers',
  'EXPLAIN ANALYZE SELECT id FROM customers',
  'SELECT 1',
  'SELECT name FROM staff',
];

const ASKERS: Readonly<Record<string, Principal>> = {
  analyst: person(['idp-analysts', 'else']),
  engineer: person(['idp-engineers'], { acr: 'high' }),
  reader: person(['idp-readers']),
  agent: person(['idp-analysts', 'idp-engineers'], { agent: { id: 'bot', name: 'Bot' } }),
  somebody: person('unknown', { verified: false }),
};

const index = attackCatalog();
const profile = profileOf(POLICY, CLASSIFICATION);
const load = policyLoadOf(profile);
const corpus = ['pg-attacks', 'pg-more-attacks', 'kinds'].flatMap((name) => {
  const file = readFileSync(new URL(`./corpus/${name}.json`, import.meta.url), 'utf8');
  return (JSON.parse(file) as { rows: { sql: string | string[] }[] }).rows.flatMap(({ sql }) => sql);
});
const TEXTS = [...new Set([...MORE, ...corpus])];

const record = (text: string, who = 'analyst') =>
  recordedDecision(text, index, profile, ASKERS[who] ?? person([]), connection);
const eventOf = ({ verdict, intent }: Awaited<ReturnType<typeof record>>): RecordedEvent =>
  verdict.verdict === 'allow' ? { k: 'stmt.intent', ...intent } : { k: 'stmt.denied', ...intent };
const codesOf = (...events: readonly RecordedEvent[]): readonly string[] =>
  [...new Set(checkedEvents(newDecisionCheck(), events).findings.map(({ code }) => code))].sort();

describe('the decisions of the corpus', () => {
  for (const who of Object.keys(ASKERS)) {
    it(`come out the same for the verifier when the ${who} asks`, { timeout: 60_000 }, async () => {
      const events: RecordedEvent[] = [];
      let allowed = 0;
      for (const text of TEXTS) {
        const decided = await record(text, who);
        if (decided.verdict.verdict === 'allow') allowed++;
        events.push(eventOf(decided));
      }
      const report = checkedEvents(newDecisionCheck(), [load, ...events]);
      const found = report.findings.map(({ sentence, where }) => [TEXTS[Number(where?.slice(6)) - 1], sentence]);
      expect(found).toEqual([]);
      expect(report.checked.find(({ what }) => what === 'decisions made again')?.count).toBe(TEXTS.length);
      if (who !== 'somebody') expect(allowed).toBeGreaterThan(40);
    });
  }

  it('use every form of permit, and masks of every strength', async () => {
    const intents = await Promise.all(
      ['analyst', 'reader', 'agent'].flatMap((who) => MORE.map(async (text) => (await record(text, who)).intent)),
    );
    const forms = new Set(intents.flatMap(({ pol }) => (pol.permits ?? []).map(({ form }) => form)));
    expect([...forms].sort()).toEqual([
      'aggregate',
      'cardinality',
      'clear',
      'equality',
      'group',
      'join',
      'nullness',
      'view',
    ]);
    const masks = intents.flatMap(({ pol }) => pol.obligations ?? []).join();
    for (const kind of ['email', 'keep-last', 'redact', 'null']) expect(masks).toContain(`with ${kind}`);
  });
});

type Mutable = Record<string, unknown>;
const part = (value: unknown, ...path: readonly (string | number)[]): Mutable =>
  path.reduce<Mutable>((inner, key) => inner[key] as Mutable, value as Mutable);

/** An intent of the record as somebody would have changed it, who can write it anew with all its hashes. */
const rewritten = (intent: StatementIntent, change: (pol: Mutable, input: Mutable) => void): StatementIntent => {
  const pol = structuredClone(intent.pol) as unknown as Mutable;
  const input = JSON.parse(String(part(pol, 'input').text)) as Mutable;
  change(pol, input);
  return { ...intent, pol: { ...pol, input: { text: JSON.stringify(input) } } as never };
};

describe('the verifier finds', () => {
  let intent: StatementIntent;
  let denied: StatementIntent;
  beforeAll(async () => {
    ({ intent } = await record('SELECT id, email, ssn FROM customers'));
    ({ intent: denied } = await record('SELECT name FROM staff'));
  });
  const found = (change: (pol: Mutable, input: Mutable) => void): readonly string[] =>
    codesOf(load, { k: 'stmt.intent', ...rewritten(intent, change) });

  it('nothing where nothing was changed', () => {
    expect(found(() => undefined)).toEqual([]);
    expect(codesOf(load, { k: 'stmt.denied', ...denied })).toEqual([]);
  });

  it('an allowance where the policy says deny, however well it is dressed up', () => {
    const allowed = rewritten(denied, (pol, input) => {
      pol.decision = 'allow';
      delete pol.reasons;
      pol.rules = ['read-all', 'masks', 'few'];
      pol.obligations = ['at most 5000 rows, 2097152 bytes, 1500 ms', 'read envelope'];
      input.allowed = { envelope: 'read', limits: { rows: 5000, bytes: 2097152, ms: 1500 }, masks: [] };
      for (const answer of input.answers as Mutable[]) answer.effect = 'allow';
    });
    expect(codesOf(load, { k: 'stmt.intent', ...allowed })).toContain('decision-effect');
  });

  it('a refusal in the name of a policy that allows', () => {
    const refused = rewritten(intent, (pol, input) => {
      pol.decision = 'refuse';
      pol.reasons = [{ code: 'denied', sentence: 'x' }];
      delete input.allowed;
    });
    expect(codesOf(load, { k: 'stmt.denied', ...refused })).toContain('decision-effect');
  });

  it('a mask left out', () => {
    expect(
      found((pol, input) => {
        (part(input, 'allowed').masks as unknown[]).pop();
        pol.obligations = (pol.obligations as string[]).filter((word) => !word.startsWith('mask ssn'));
      }),
    ).toEqual(['decision-mask']);
  });

  it('a mask that leaves more of the value', () => {
    expect(found((_pol, input) => (part(input, 'allowed', 'masks', 1).masker = { kind: 'email' }))).toContain(
      'decision-mask',
    );
    expect(
      found((_pol, input) => (part(input, 'allowed', 'masks', 1).masker = { kind: 'keep-last', count: 8 })),
    ).toEqual(['decision-mask']);
  });

  it('a classified column taken for one that is not, or for another class', () => {
    const without = found((_pol, input) => {
      input.columns = [];
      part(input, 'allowed').masks = [];
    });
    expect(without).toEqual(['decision-class', 'decision-mask']);
    expect(found((_pol, input) => (part(input, 'columns', 0).class = 'pay'))).toContain('decision-class');
    expect(found((_pol, input) => (part(input, 'columns', 0).detected = true))).toContain('decision-class');
  });

  it('a rule left out, or one that had no part', () => {
    expect(found((pol) => (pol.rules as string[]).shift())).toEqual(['decision-rules']);
    expect(found((pol) => (pol.rules as string[]).push('closed'))).toEqual(['decision-rules']);
  });

  it('a limit raised, in one place or in all of them', () => {
    expect(found((_pol, input) => (part(input, 'allowed', 'limits').rows = 9e9))).toEqual(['decision-limit']);
    expect(
      found((pol, input) => {
        part(input, 'allowed', 'limits').rows = 9000;
        part(input, 'answers', 0).rows = 9000;
        const said = pol.obligations as string[];
        pol.obligations = said.map((word) => word.replace('5000 rows', '9000 rows'));
      }),
    ).toEqual(['decision-answer', 'decision-limit']);
    expect(found((pol) => (pol.obligations as string[]).pop())).toContain('decision-limit');
  });

  it('another asker, another place or another time than the event names', () => {
    expect(found((_pol, input) => (part(input, 'person').groups = ['idp-readers']))).toContain('decision-asker');
    expect(found((_pol, input) => (part(input, 'connection').env = 'staging'))).toContain('decision-asker');
    expect(found((_pol, input) => (input.agent = 'bot'))).toContain('decision-asker');
    expect(found((_pol, input) => (input.at = '2026-03-02T03:00:00.000Z'))).toEqual(['decision-time']);
  });

  it('a question that was not asked', () => {
    expect(found((_pol, input) => (input.asked = []))).toContain('decision-question');
    expect(found((_pol, input) => (part(input, 'asked', 0, 'on').name = 'orders'))).toContain('decision-question');
    expect(found((_pol, input) => (part(input, 'asked', 0).action = 'show'))).toContain('decision-question');
  });

  it('a use of a masked column that no permit gives', async () => {
    const grouping = await record('SELECT ssn, count(*) FROM customers GROUP BY ssn ORDER BY count(*)');
    const change = (edit: (pol: Mutable, input: Mutable) => void) =>
      codesOf(load, { k: 'stmt.intent', ...rewritten(grouping.intent, edit) });
    expect(change(() => undefined)).toEqual([]);
    expect(change((pol) => delete pol.permits)).toEqual(['decision-permit']);
    expect(change((_pol, input) => (part(input, 'allowed').minimum = 2))).toEqual(['decision-limit']);
    expect(change((_pol, input) => delete part(input, 'columns', 1).form)).toContain('decision-mask');
    expect(change((pol) => (part(pol, 'permits', 0).rules = ['joins']))).toContain('decision-permit');
  });

  it('a policy swapped for another one, in the record or under the decision', async () => {
    const other = profileOf(POLICY.replace('deny: select', 'deny: drop'), CLASSIFICATION);
    const swapped = policyLoadOf(other);
    if (load.k !== 'policy.load' || swapped.k !== 'policy.load') throw new Error('policy.load');
    const forged: RecordedEvent = { ...load, load: { ...load.load, policy: swapped.load.policy ?? { text: '' } } };
    expect(codesOf(forged, { k: 'stmt.intent', ...intent })).toEqual(['policy-hash']);
    expect(codesOf(load, swapped, swapped, { k: 'stmt.intent', ...intent })).toEqual(['policy-in-force']);
    const byOther = (
      await recordedDecision('SELECT name FROM staff', index, other, ASKERS.analyst ?? person([]), connection)
    ).intent;
    expect(codesOf(load, { k: 'stmt.intent', ...byOther })).toEqual(['policy-in-force']);
    const claimed = { ...byOther, pol: { ...byOther.pol, hash: load.load.hash } };
    expect(codesOf(load, { k: 'stmt.intent', ...claimed })).toContain('decision-effect');
  });

  it('a result larger than its statement was allowed', () => {
    const end: RecordedEvent = {
      k: 'stmt.outcome',
      s: 's',
      ref: { i: 1, h: '' },
      out: { status: 'done', rows: 5001, bytes: 10 },
    };
    expect(codesOf(load, { k: 'stmt.intent', ...intent }, end)).toEqual(['result-bound']);
  });
});

describe('the verifier says that it did not decide again', () => {
  const said = async (events: (intent: StatementIntent) => readonly RecordedEvent[], key = true) => {
    const { intent } = await record('SELECT id, email FROM customers');
    const report = checkedEvents(newDecisionCheck(), events(intent), key);
    expect(report.findings).toEqual([]);
    return report.notChecked.join('\n');
  };
  const intentOf = (intent: StatementIntent): RecordedEvent => ({ k: 'stmt.intent', ...intent });

  it('without the blob key', async () => {
    expect(await said((intent) => [load, intentOf(intent)], false)).toContain('no blob key');
  });

  it('where the record does not hold the policy', async () => {
    expect(await said((intent) => [intentOf(intent)])).toContain('does not hold the policy');
  });

  it('by a policy with parts that it does not know', async () => {
    const newer = policyLoadOf(profile);
    if (newer.k !== 'policy.load') throw new Error('policy.load');
    for (const [change, word] of [
      [{ version: 2 }, 'version 2'],
      [{ quotas: [] }, '"quotas"'],
      [{ rules: [{ id: 'a', allow: ['read'], when: 'person.name.matches("a")' }] }, 'matches()'],
      [{ rules: [{ id: 'a', allow: ['read'], on: ['select'], until: 'x' }] }, '"until"'],
    ] as const) {
      const text = JSON.stringify({ ...(JSON.parse(profile.policy.document) as object), ...change });
      const hash = createHash('sha256').update(text).digest('hex');
      const events = (intent: StatementIntent): readonly RecordedEvent[] => [
        { ...newer, load: { ...newer.load, hash, policy: { text } } },
        intentOf({ ...intent, pol: { ...intent.pol, hash } }),
      ];
      expect(await said(events)).toContain(`does not know`);
      expect(await said(events)).toContain(word);
    }
  });

  it('from a newer form of what decisions are made from', async () => {
    const text = await said((intent) => [load, intentOf(rewritten(intent, (_pol, input) => (input.v = 2)))]);
    expect(text).toContain('a form of what decisions were made from');
  });

  it('where a statement touches more than is kept', async () => {
    const { intent } = await record(`SELECT ${Array.from({ length: 400 }, () => 'ssn').join(', ')} FROM customers`);
    const report = checkedEvents(newDecisionCheck(), [load, { k: 'stmt.intent', ...intent }]);
    expect(report.findings).toEqual([]);
    expect(report.notChecked.join('\n')).toContain('more than is kept');
  });
});
