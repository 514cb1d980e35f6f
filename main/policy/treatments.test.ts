import { describe, expect, it } from 'vitest';
import { compilePolicy } from './compile.ts';
import { compiled, testContext } from './testing.ts';
import { treatmentOf, type TreatedFunction } from './treatments.ts';
import { printProblems } from './yaml-file.ts';

const policy = compiled(`version: 1
rules: []
functions:
  - { name: app.net_price, args: [numeric, integer], treat: pure, text: reviewed in May }
  - { name: app.anything, treat: pure }
  - { name: app.report, treat: reads }
  - { name: app.both, treat: pure }
  - { name: app.both, args: [text], treat: reads }
  - { name: app.touch, treat: contained }
  - { extension: postgis, treat: pure, in: { env: staging } }
`);

const staging = { name: 'orders', environment: 'staging', database: 'shop' };
const production = { ...staging, environment: 'production' };

function called(name: string, args: readonly string[] = [], more: Partial<TreatedFunction> = {}): TreatedFunction {
  const typeNames = args.map((arg) => (arg === 'integer' ? 'int4' : arg));
  return { schema: 'app', name, args, typeNames, compiled: false, ...more };
}

describe('what a policy says of functions that nothing here can read', () => {
  it.each([
    ['by its name and the types of its arguments', called('net_price', ['numeric', 'integer']), 'pure'],
    ['not with other arguments', called('net_price', ['numeric']), undefined],
    ['not with other types', called('net_price', ['numeric', 'text']), undefined],
    ['not in another schema', called('net_price', ['numeric', 'integer'], { schema: 'public' }), undefined],
    ['with any arguments where none are said', called('anything', ['text', 'text']), 'pure'],
    ['that it may read anything', called('report'), 'reads'],
    ['the strictest where several are meant', called('both', ['text']), 'reads'],
    ['the one that is meant where only one is', called('both', ['date']), 'pure'],
    ['of what a trigger runs, that it carries nothing out', called('touch'), 'contained'],
    ['nothing of a function that is not named', called('other'), undefined],
    ['of an extension its compiled functions', called('st_x', [], { extension: 'postgis', compiled: true }), 'pure'],
    ['of an extension not its others', called('st_x', [], { extension: 'postgis' }), undefined],
    ['nothing of another extension', called('st_x', [], { extension: 'vector', compiled: true }), undefined],
  ] as const)('%s', (_title, one, treatment) => {
    expect(treatmentOf(policy.functions, staging, one)).toBe(treatment);
  });

  it('counts only where it says', () => {
    const one = called('st_x', [], { extension: 'postgis', compiled: true });
    expect(treatmentOf(policy.functions, production, one)).toBeUndefined();
  });

  it('may write types as PostgreSQL names them inside', () => {
    const { functions } = compiled('version: 1\nrules: []\nfunctions: [{ name: app.f, args: [INT4], treat: pure }]\n');
    expect(treatmentOf(functions, staging, called('f', ['integer']))).toBe('pure');
  });

  it.each([
    [
      '{ treat: pure }',
      /^policy\.yaml:3:13: says which functions by exactly one of these \(choices: name, extension\)/,
    ],
    ['{ name: a.b, extension: c, treat: pure }', /exactly one of these/],
    ['{ name: net_price, treat: pure }', /"net_price" is not a function with its schema, such as app\.net_price/],
    ['{ name: a.b, treat: safe }', /functions\.treat is not one of its choices \(choices: pure, contained, reads\)/],
    ['{ name: a.b }', /functions\.treat is missing/],
    ['{ extension: postgis, args: [int], treat: pure }', /"args" belong to a name/],
    ['{ name: a.b, treat: pure, in: { connection: nowhere } }', /no connection is called "nowhere"/],
    ['{ name: a.b, treat: pure, in: { table: t } }', /unknown key "table"/],
  ])('%s is no such word', (source, line) => {
    const result = compilePolicy(`version: 1\nrules: []\nfunctions: [${source}]\n`, testContext);
    expect(result.ok ? '' : printProblems('policy.yaml', result.problems)).toMatch(line);
  });
});
