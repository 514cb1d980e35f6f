import { describe, expect, it } from 'vitest';
import { markedPart, mendsOf, problemWords, ruleLine } from './positions.ts';

const at = (line: string, column: number): string => {
  const { startColumn, endColumn } = markedPart(line, { line: 1, column, message: '', choices: [] });
  return line.slice(startColumn - 1, endColumn - 1);
};

describe('the underlined part of a line', () => {
  it.each([
    ['  - { id: a, alow: read, to: x }', 14, 'alow'],
    ['  - { id: a, allow: reed, to: x }', 21, 'reed'],
    ['    on: [write, dll]', 17, 'dll'],
    ['    to: group:analyst', 9, 'group:analyst'],
    ["    when: 'rows.estimate >'  # at night", 11, "'rows.estimate >'"],
    ['    text: "say \\"no\\""', 11, '"say \\"no\\""'],
    ['    when: rows.estimate > 1000 # many', 11, 'rows.estimate > 1000'],
    ['rules:', 1, 'rules'],
    ['  - { id: a }', 5, '{'],
    ['version: 2', 99, '2'],
  ])('of %s from column %i is %s', (line, column, part) => {
    expect(at(line, column)).toBe(part);
  });

  it('is never empty, also where nothing stands', () => {
    expect(markedPart('', { line: 3, column: 1, message: '', choices: [] })).toEqual({
      line: 3,
      startColumn: 1,
      endColumn: 2,
    });
  });
});

describe('a problem in words', () => {
  it('names what could stand there', () => {
    const words = problemWords({ line: 1, column: 1, message: 'No such action.', choices: ['select', 'insert'] });
    expect(words).toBe('No such action.\nPossible: select, insert');
  });

  it('lists a few of many choices and says how many there are besides', () => {
    const choices = Array.from({ length: 15 }, (_, n) => `c${String(n)}`);
    expect(problemWords({ line: 1, column: 1, message: 'No.', choices })).toMatch(/c11, and 3 more$/);
  });
});

describe('a mend', () => {
  it.each([
    ['alow', 'unknown key "alow" in rules', 'allow', ['allow']],
    ['reed', 'rules.allow is not one of its choices', 'read', ['read']],
    ['group:stuff', 'no group is called "stuff"', 'staff', ['group:staff']],
    ['staff', '"staff" does not say who', 'group:NAME', ['group:staff']],
    ['ana', '"ana" does not say who', 'everyone', ['everyone']],
  ])('puts in the place of %s, where %s, what it should be', (part, message, choice, mends) => {
    expect(mendsOf(part, { message, choices: [choice] })).toEqual(mends);
  });

  it.each([
    ['rules', 'version is missing', '1'],
    ['{', 'rule a has none, and a rule has exactly one of its effects', 'allow'],
    ['id', 'rule a has none, and a rule has exactly one of its effects', 'allow'],
    ["'rows.estimat > 1'", 'rule a: No such key: estimat at character 6', 'rows.estimate'],
    ['[reed, write]', 'rules.allow is not one of its choices', 'read'],
  ])('never puts anything in the place of %s, where %s', (part, message, choice) => {
    expect(mendsOf(part, { message, choices: [choice] })).toEqual([]);
  });
});

describe('the line of a rule', () => {
  const text = `rules:
  # - { id: commented, allow: read }
  - { id: short, allow: read }
  - allow: read
    id: long
  - { "id": "quoted", allow: read }
  - { allow: read, id: last }
  - { id: short-two, allow: read }
  - id: a.b
tests:
  - { as: x, by: tested }`;

  it.each([
    ['short', 3],
    ['long', 5],
    ['quoted', 6],
    ['last', 7],
    ['short-two', 8],
    ['a.b', 9],
  ])('%s is found however it is written', (id, line) => {
    expect(ruleLine(text, id)).toBe(line);
  });

  it.each(['commented', 'tested', 'sho', 'two', 'aXb', '.*', '(', ''])('%j is none of this text', (id) => {
    expect(ruleLine(text, id)).toBeNull();
  });
});
