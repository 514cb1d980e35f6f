import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { ANALYSED, type FieldShape, GRAMMAR } from './grammar.ts';
import { statementMeaning } from './statements.ts';

/** The kinds of node with their fields, as the types that the parser publishes say. */
function published(): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const fromParser = createRequire(createRequire(import.meta.url).resolve('libpg-query'));
  const types = readFileSync(fromParser.resolve('@pgsql/types').replace(/index\.js$/, 'types.d.ts'), 'utf8');
  const kinds = new Map<string, ReadonlyMap<string, string>>();
  for (const [, kind = '', body = ''] of types.matchAll(/export interface (\w+) \{([^}]*)\}/g)) {
    kinds.set(
      kind,
      new Map([...body.matchAll(/(\w+)\?: ([\w[\]]+);/g)].map(([, name = '', type = '']) => [name, type])),
    );
  }
  return kinds;
}

/** Interfaces that describe answers of the library, not parts of a tree. */
const ANSWERS = new Set(
  'ParseResult ScanResult ScanToken RawStmt SummaryResult Table Function FilterColumn'.split(' '),
);

const kinds = published();
const nodes = [...kinds].filter(([kind]) => !ANSWERS.has(kind));

function expectedShape(type: string): FieldShape {
  if (type === 'Node') return 'node';
  if (type === 'Node[]') return 'list';
  return kinds.has(type) ? { kind: type } : 'scalar';
}

describe('the list of what the grammar can produce', () => {
  it('has every kind of node of the parser, in the raw grammar or among those of the analysis', () => {
    expect(nodes.length).toBeGreaterThan(250);
    expect(nodes.map(([kind]) => kind).filter((kind) => !GRAMMAR.has(kind) && !ANALYSED.has(kind))).toEqual([]);
  });

  it('has no kind that the parser does not have, and none in both lists', () => {
    expect([...GRAMMAR.keys(), ...ANALYSED].filter((kind) => !kinds.has(kind))).toEqual([]);
    expect([...GRAMMAR.keys()].filter((kind) => ANALYSED.has(kind))).toEqual([]);
  });

  it('has exactly the fields of the parser for each kind, with the shape that the walk follows', () => {
    for (const [kind, fields] of nodes) {
      const rule = GRAMMAR.get(kind);
      if (rule === undefined) continue;
      const expected = [...fields].map(([name, type]) => [name, expectedShape(type)]);
      expect([kind, [...rule.fields]]).toEqual([kind, expected]);
    }
  });

  it('knows the meaning of every statement', () => {
    const statements = [...GRAMMAR].filter(([, rule]) => rule.meaning === 'statement').map(([kind]) => kind);
    expect(statements.length).toBeGreaterThan(100);
    expect(statements.filter((kind) => statementMeaning(kind, {}) === undefined)).toEqual([]);
  });
});
