import { describe, expect, it } from 'vitest';
import { leafFacts } from './leaf-facts.ts';

const none = { service: null, reason: null, ticket: null };

describe('what a leaf says besides', () => {
  it('is which service it was, and why it was done', () => {
    const leaf = { k: 'stmt.intent', actor: { service: 'nightly' }, why: { reason: 'the report', ticket: 'T-1' } };
    expect(leafFacts(JSON.stringify(leaf))).toEqual({ service: 'nightly', reason: 'the report', ticket: 'T-1' });
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '7'],
    ['null', 'null'],
    ['parts of other types', '{"actor":"x","why":{"reason":{"a":1},"ticket":7}}'],
    ['what every object has', '{"actor":{"constructor":1},"why":[]}'],
    ['empty words', '{"actor":{"service":""},"why":{"reason":""}}'],
  ])('is nothing where it is %s', (_, leaf) => {
    expect(leafFacts(leaf)).toEqual(none);
  });
});
