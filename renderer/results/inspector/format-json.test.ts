import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatJson } from './format-json.ts';

describe('JSON laid out', () => {
  it('agrees with JSON.stringify where that loses nothing', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(formatJson(text)).toBe(JSON.stringify(JSON.parse(text), null, 2));
      }),
      { examples: [['{"a":[1,{"b":[]},{}],"c":"x"}'], ['""'], ['[[[]]]']] },
    );
  });

  it('keeps numbers and repeated keys exactly', () => {
    expect(formatJson('{"id":9007199254740993,"n":1.10,"id":1e400}')).toBe(
      '{\n  "id": 9007199254740993,\n  "n": 1.10,\n  "id": 1e400\n}',
    );
  });

  it.each([
    '',
    '{',
    '[1,]',
    '{"a"}',
    '{"a":1,}',
    '01',
    "{'a':1}",
    '[1 2]',
    '}',
    '"\u0001"',
    '{"a":1}}',
    '1,2',
    'nul',
    '{"a":1]',
    ',',
  ])('says that %s is not JSON', (text) => {
    expect(formatJson(text)).toBeNull();
  });

  it('reads a string of megabytes', () => {
    const text = JSON.stringify(['\\n"x'.repeat(500_000)]);
    expect(formatJson(text)?.length).toBe(text.length + 4);
    expect(formatJson(text.slice(0, -2))).toBeNull();
  });

  it('lays out a deep and a long document without running out of stack', () => {
    const deep = `${'['.repeat(3000)}${']'.repeat(3000)}`;
    expect(formatJson(deep)).not.toBeNull();
    const long = `[${Array.from({ length: 100_000 }, (_, i) => `{"k":${i}}`).join(',')}]`;
    expect(formatJson(long)?.length).toBeGreaterThan(long.length);
  });
});
