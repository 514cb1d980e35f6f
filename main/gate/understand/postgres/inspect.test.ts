import { describe, expect, it } from 'vitest';
import { inspect } from './inspect.ts';

const codes = (fields: Record<string, unknown>, kind = 'SelectStmt'): readonly string[] =>
  inspect({ kind, fields }, () => undefined).hazards.map((hazard) => hazard.code);

describe('a tree that is not what the grammar says', () => {
  it('is refused for a kind that is not listed', () => {
    expect(codes({ whereClause: { NewKindOfNode: {} } })).toEqual(['unknown-node']);
  });

  it('is refused for a field that is not listed', () => {
    expect(codes({ newClause: {} })).toEqual(['unknown-node']);
    expect(codes({ withClause: { ctes: [], newFlag: true } })).toEqual(['unknown-node']);
  });

  it('is refused for a node where a plain value belongs, and for a plain value where a node belongs', () => {
    expect(codes({ groupDistinct: { SelectStmt: {} } })).toEqual(['unknown-node']);
    expect(codes({ whereClause: 'text' })).toEqual(['unknown-node']);
    expect(codes({ targetList: [{ A: {}, B: {} }] })).toEqual(['unknown-node']);
  });

  it("is refused for a node of the server's analysis", () => {
    expect(codes({ whereClause: { OpExpr: {} } })).toEqual(['unknown-node']);
    expect(codes({ intoClause: { viewQuery: {} } })).toEqual(['unknown-node']);
  });

  it('is refused for names of object properties', () => {
    expect(codes({ whereClause: { constructor: {} } })).toEqual(['unknown-node']);
    expect(codes({ toString: {} })).toEqual(['unknown-node']);
  });

  it('is walked without recursion', () => {
    let deep: Record<string, unknown> = { A_Const: {} };
    for (let at = 0; at < 200_000; at += 1) deep = { BoolExpr: { args: [deep] } };
    expect(codes({ whereClause: deep })).toEqual([]);
  });
});
