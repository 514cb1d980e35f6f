import { describe, expect, it } from 'vitest';
import { field, isList, isNode, readTree, type TreeNode, UnreadableTree } from './node-tree.ts';

function node(text: string): TreeNode {
  const tree = readTree(text);
  if (!isNode(tree)) throw new Error('not a node');
  return tree;
}

/** As format_node_dump does it: at the last space of 78 bytes, and inside a token where there is none. */
function wrapped(dump: string): string {
  const lines: string[] = [];
  let at = 0;
  while (dump.length - at > 78) {
    if (dump[at + 78] === ' ') {
      lines.push(dump.slice(at, at + 78));
      at += 79;
      continue;
    }
    const space = dump.slice(at, at + 78).lastIndexOf(' ');
    const length = space > 0 ? space : 78;
    lines.push(dump.slice(at, at + length));
    at += length + (space > 0 ? 1 : 0);
  }
  return [...lines, dump.slice(at)].join('\n');
}

describe('a node tree of PostgreSQL', () => {
  it('is nodes with a label and fields', () => {
    const tree = node('{VAR :varno 1 :varattno -2 :retset false :next {CONST :x <>}}');
    expect(tree.label).toBe('VAR');
    expect(field(tree, 'varno')).toBe(1);
    expect(field(tree, 'varattno')).toBe(-2);
    expect(field(tree, 'retset')).toBe('false');
    expect(field(tree, 'next')).toMatchObject({ label: 'CONST', names: ['x'], values: [null] });
    expect(field(tree, 'absent')).toBeNull();
  });

  it.each([
    ['()', []],
    ['(b)', []],
    ['(i 1 2)', [1, 2]],
    ['(o 16384 4294967295)', [16384, 4294967295]],
    ['(b 8 11)', [8, 11]],
    ['("i" "o b" <>)'.replace(' b', '\\ b'), ['i', 'o b', null]],
    ['((1) <>)', [[1], null]],
    ['(1.5 -3 "")', [1.5, -3, '']],
  ])('has lists: %s', (text, expected) => {
    expect(readTree(text)).toEqual(expected);
  });

  it('keeps nothing of constants', () => {
    const text = '{CONST :constlen -1 :constvalue 7 [ 28 0 0 0 115 101 99 ] :location 3}';
    expect(JSON.stringify(node(text))).not.toMatch(/115|101|28/);
    expect(field(node(text), 'location')).toBe(3);
    expect(node('{CONST :constvalue <> :location 4}').values).toEqual([null, 4]);
  });

  it('takes back the backslashes of names', () => {
    const tree = node('{A :a \\(x\\)\\ \\{y\\}\\\\ :b \\7 :c \\<> :d "\\"x" :e :relid}');
    expect(tree.values).toEqual(['(x) {y}\\', '7', '<>', '"x', ':relid']);
  });

  it('reads a value that looks like a field as the value of its field', () => {
    expect(node('{ALIAS :aliasname :relid :colnames (":x" ":relid")}').names).toEqual(['aliasname', 'colnames']);
  });

  it('is the same on one line and on lines as the server breaks them', () => {
    const names = Array.from({ length: 40 }, (_, at) => `"a name\\ (${String(at)})"`.replaceAll(/[ ()]/g, '\\$&'));
    const dump = `{ALIAS :aliasname customers :colnames (${names.join(' ')})}`.replaceAll('\\\\', '\\');
    expect(wrapped(dump)).toContain('\n');
    expect(readTree(wrapped(dump))).toEqual(readTree(dump));
  });

  it.each([
    ['nothing', ''],
    ['half of a node', '{VAR :varno'],
    ['a node without an end', '{VAR :varno 1 '],
    ['a list without an end', '(1 2'],
    ['a token in place of a field', '{VAR varno 1}'],
    ['a field with two values', '{VAR :varno 1 2 :x 3}'],
    ['a field without a value', '{VAR :varno }'],
    ['more than one tree', '{A} {B}'],
    ['a constant without an end', '{CONST :constvalue 4 [ 1 2 }'],
    ['a constant without a length', '{CONST :constvalue x [ 1 2 ] }'],
    ['a backslash at its end', '{A :b \\'],
  ])('is refused where it is %s', (_, text) => {
    expect(() => readTree(text)).toThrow(UnreadableTree);
  });

  it('is refused where it is too deep to be followed, however deep', () => {
    const deep = (levels: number): string => '('.repeat(levels) + ')'.repeat(levels);
    expect(isList(readTree(deep(1_000)))).toBe(true);
    for (const levels of [2_000, 1_000_000]) expect(() => readTree(deep(levels))).toThrow('nested too deeply');
  });

  it('is refused where it is too large to be read', () => {
    expect(() => readTree(`(${' '.repeat(17 * 1024 * 1024)})`)).toThrow('too large');
  });

  // A name of 63 bytes in brackets takes 126: broken between a backslash and its bracket, it would read as structure.
  it.each([
    ['\\)'.repeat(63), 78],
    ['\\{'.repeat(63), 77],
    ['x'.repeat(120), 78],
    ['\u00e9'.repeat(60), 39],
    ['\ufffd'.repeat(60), 26],
  ])('is refused where a line may have been broken inside a name: %s', (name, characters) => {
    const broken = `{ALIAS :aliasname ${name.slice(0, characters)}\n${name.slice(characters)} :colnames <>}`;
    expect(() => readTree(broken)).toThrow(UnreadableTree);
  });
});
