import { describe, expect, it } from 'vitest';
import { type ActivityEventView, type ActivityFacetsView } from '../../shared/views.ts';
import { choicesOf, matching, namesOf, takesTyped, typedValue, wordsOf } from './field-words.ts';
import { obligationWords } from './obligation-words.ts';
import { kindWords, outcomeOf } from './outcome.ts';
import { outsideWords, proofWords } from './proof-words.ts';
import { touchedObjects } from './touched.ts';

const statement = { kind: 'stmt.intent', verdict: 'allow', status: 'done' } as const;
const names = namesOf([], []);

describe('what came of an event', () => {
  it.each([
    ['a statement that ran', statement, 'Done', 'read'],
    ['one that failed', { ...statement, status: 'failed' }, 'Failed', 'write'],
    ['one that nobody knows the end of', { ...statement, status: 'unknown' }, 'Unknown', 'write'],
    ['one without an end so far', { ...statement, status: 'running' }, 'Running', 'waiting'],
    ['a refusal', { kind: 'stmt.denied', verdict: 'refuse', status: null }, 'Refused', 'refused'],
    ['a refusal that has an end', { kind: 'stmt.denied', verdict: 'refuse', status: 'done' }, 'Refused', 'refused'],
    ['a question', { kind: 'stmt.denied', verdict: 'ask', status: null }, 'Asks', 'waiting'],
    ['a sign-in that failed', { kind: 'auth.failed', verdict: null, status: null }, 'Failed', 'write'],
    ['an export that was not let out', { kind: 'export.denied', verdict: null, status: null }, 'Refused', 'refused'],
    ['a right taken for a while', { kind: 'grant.start', verdict: null, status: null }, 'Taken', 'write'],
    ['the end of one', { kind: 'grant.end', verdict: null, status: null }, 'Ended', 'read'],
    ['a token of an agent', { kind: 'token.issue', verdict: null, status: null }, 'Issued', 'write'],
    ['anything else', { kind: 'policy.load', verdict: null, status: null }, 'Event', 'read'],
    ['a kind from a later version', { kind: 'x.y', verdict: null, status: null }, 'Event', 'read'],
    [
      'a kind named after what every object has',
      { kind: 'constructor', verdict: null, status: 'toString' },
      'Event',
      'read',
    ],
  ] as const)('is told of %s', (_, event, word, meaning) => {
    expect(outcomeOf(event)).toMatchObject({ word, meaning });
  });

  it('calls a kind that it does not know as the record does', () => {
    expect(['auth.ok', 'x.y', 'constructor'].map(kindWords)).toEqual(['Signed in', 'x.y', 'constructor']);
  });
});

describe('what a field can be narrowed to', () => {
  const facets: ActivityFacetsView = {
    people: [
      { value: 'https://id.example ana', name: 'Ana Ruiz', events: 9 },
      { value: 'https://id.example 7f3', name: '', events: 2 },
    ],
    agents: [],
    connections: [{ value: 'shop-production', events: 4 }],
    environments: [{ value: 'production', events: 4 }],
    tables: [{ value: 'public.orders', events: 3 }],
    classes: [],
    kinds: [{ value: 'auth.ok', events: 1 }],
  };

  it('is people by name, and by what the provider calls them where they have none', () => {
    expect(choicesOf('person', facets, names).map(({ words }) => words)).toEqual(['Ana Ruiz', '7f3']);
  });

  it('is connections by their title', () => {
    const titled = { ...names, connections: new Map([['shop-production', 'shop']]) };
    expect(choicesOf('connection', facets, titled)[0]).toMatchObject({ words: 'shop', detail: 'shop-production' });
  });

  it('is always the same for a verdict, whatever was counted', () => {
    expect(choicesOf('verdict', null, names).map(({ value }) => value)).toEqual(['allow', 'refuse', 'ask']);
  });

  it('is found by its words and by what it is kept as', () => {
    const people = choicesOf('person', facets, names);
    expect(matching(people, 'RUIZ')).toHaveLength(1);
    expect(matching(people, 'id.example')).toHaveLength(2);
  });

  it('can be typed where the list may not have everything', () => {
    expect((['person', 'column', 'verdict', 'kinds'] as const).filter(takesTyped)).toEqual(['person', 'column']);
    expect(typedValue('person', ' Ana@Example.org ')).toBe('ana@example.org');
    expect(typedValue('table', 'public.Orders')).toBe('public.Orders');
  });

  it('shows environments as everywhere else', () => {
    expect(wordsOf('environment', 'production', names)).toBe('PRODUCTION');
    expect(wordsOf('environment', 'moon', names)).toBe('moon');
  });
});

describe('the obligations of a decision', () => {
  it.each([
    ['at most 2000000 rows, 1073741824 bytes, 120000 ms', 'at most 2,000,000 rows, 1 GiB, 120 s'],
    ['at most 1000 rows, 500 bytes, 1500 ms', 'at most 1,000 rows, 500 bytes, 1.5 s'],
    ['mask 120000 ms as email with email', 'mask 120000 ms as email with email'],
    ['read envelope', 'read envelope'],
  ])('%j reads %j', (recorded, shown) => {
    expect(obligationWords(recorded)).toBe(shown);
  });
});

describe('the proof of an event in words', () => {
  const proof: ActivityEventView['proof'] = {
    leafHash: 'aa',
    checkpoint: { size: 1200, root: 'bb', note: 'note' },
    path: ['cc', 'dd'],
    holds: true,
    uploaded: null,
    witnesses: null,
    file: 'file',
  };

  it('says that it holds with how much leads to what', () => {
    expect(proofWords(proof)).toMatchObject({ meaning: 'approved' });
    expect(proofWords(proof).sentence).toContain('2 hashes lead to the signed root of 1,200 events');
  });

  it('says that it does not hold, whatever else there is', () => {
    expect(proofWords({ ...proof, holds: false, uploaded: true, witnesses: ['w'] }).meaning).toBe('refused');
  });

  it('never calls an event proven that no checkpoint covers', () => {
    expect(proofWords({ ...proof, checkpoint: null, holds: true }).meaning).toBe('waiting');
  });

  it('proves nothing of an event whose log is somewhere else', () => {
    const elsewhere = proofWords({ ...proof, leafHash: '', checkpoint: null, path: [], holds: false });
    expect(elsewhere.meaning).toBe('write');
    expect(elsewhere.sentence).toContain('not on this machine');
  });

  it('says nothing of stores and witnesses that are not configured', () => {
    expect(outsideWords(proof)).toEqual([]);
    expect(outsideWords({ ...proof, uploaded: false, witnesses: [] }).map(({ meaning }) => meaning)).toEqual([
      'waiting',
      'waiting',
    ]);
  });
});

describe('what a statement touched', () => {
  const object = (name: string) => ({ name, access: 'read', via: null });
  const column = (name: string) => ({ name, place: 'output', class: null });

  it('is every table with its own columns, and the others at the end', () => {
    const found = touchedObjects({
      objects: [object('public.a'), object('public.a.b')],
      columns: [column('public.a.x'), column('public.a.b.y'), column('?.z')],
    });
    expect(found.map((one) => [one.object?.name ?? null, one.columns.map(({ short }) => short)])).toEqual([
      ['public.a', ['x']],
      ['public.a.b', ['y']],
      [null, ['?.z']],
    ]);
  });
});
