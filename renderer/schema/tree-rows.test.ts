import { describe, expect, it } from 'vitest';
import { type ConnectionView, type RelationView } from '../../shared/views.ts';
import { path } from '../state/schema-cache.ts';
import { type Loadable } from '../state/trouble.ts';
import { labelOf, parentOf, toggled, treeRows } from './tree-rows.ts';

const connection = (name: string, environment: ConnectionView['environment']): ConnectionView => ({
  name,
  title: name,
  engine: 'postgres',
  environment,
  database: name,
  team: null,
  access: 'read-only',
  strength: 'advisory',
  state: 'closed',
  weaknesses: null,
  secondLineage: null,
});
const connections = [connection('live', 'production'), connection('shop', 'staging')];
const ready = (...value: unknown[]): Loadable<readonly unknown[]> => ({ state: 'ready', value });
const relation = (name: string): RelationView => ({
  schema: 'public',
  name,
  kind: 'table',
  estimatedRows: 1,
  sensitive: false,
  comment: null,
});
const labels = (branches: Map<string, Loadable<readonly unknown[]>>, ...expanded: string[]): string[] =>
  treeRows({ connections, branches, expanded: new Set(expanded) }).map((row) => `${String(row.level)} ${labelOf(row)}`);

describe('the tree of connections', () => {
  it('groups connections by environment, production last', () => {
    expect(labels(new Map())).toEqual(['1 staging', '2 shop', '1 production', '2 live']);
  });

  it('shows that an opened branch is loading, then what it holds', () => {
    const open = [path('shop'), path('shop', 'public')];
    expect(labels(new Map(), ...open)).toContain('3 Loading');
    const branches = new Map([
      [path('shop'), ready({ name: 'public', relations: 1 })],
      [path('shop', 'public'), ready(relation('orders'))],
    ]);
    expect(labels(branches, ...open)).toEqual([
      '1 staging',
      '2 shop',
      '3 public',
      '4 orders',
      '1 production',
      '2 live',
    ]);
  });

  it('says why a branch could not be read, in its place', () => {
    const branches = new Map<string, Loadable<readonly unknown[]>>([
      [path('shop'), { state: 'failed', trouble: { code: 'x', message: 'No server answers.', next: null } }],
    ]);
    expect(labels(branches, path('shop'))).toContain('3 No server answers.');
  });

  it('keeps environments open until they are closed', () => {
    const rows = treeRows({ connections, branches: new Map(), expanded: new Set() });
    const closed = rows[0] === undefined ? new Set<string>() : toggled(new Set(), rows[0]);
    expect(labels(new Map(), ...closed)).toEqual(['1 staging', '1 production', '2 live']);
  });

  it('finds the line a line belongs to', () => {
    const rows = treeRows({ connections, branches: new Map(), expanded: new Set([path('shop')]) });
    expect([parentOf(rows, 2), parentOf(rows, 1), parentOf(rows, 0)]).toEqual([1, 0, -1]);
  });

  it('gives every one of 20,000 tables its own key', () => {
    const many = Array.from({ length: 20_000 }, (_, n) => relation(`t${String(n)}`));
    const branches = new Map([
      [path('shop'), ready({ name: 'public', relations: many.length })],
      [path('shop', 'public'), ready(...many)],
    ]);
    const rows = treeRows({ connections, branches, expanded: new Set([path('shop'), path('shop', 'public')]) });
    expect(new Set(rows.map(({ key }) => key)).size).toBe(20_000 + 5);
  });
});
