import { describe, expect, it } from 'vitest';
import { type TabState } from '../../shared/views.ts';
import {
  activeTab,
  changeTab,
  closeTab,
  emptyWorkspace,
  freshTitle,
  MOST_TABS,
  openTab,
  renameTab,
  reopenTab,
  restored,
  savedForm,
  stepTab,
  type Workspace,
} from './workspace.ts';

const tab = (id: string, text = `select '${id}'`): TabState => ({ id, title: id, connection: 'shop', text, cursor: 0 });
const withTabs = (...ids: string[]): Workspace => ids.reduce((w, id) => openTab(w, tab(id)), emptyWorkspace);
const ids = (workspace: Workspace): string[] => workspace.tabs.map(({ id }) => id);

describe('the workspace', () => {
  it('opens a new tab behind the active one and shows it', () => {
    const workspace = openTab({ ...withTabs('a', 'b'), active: 'a' }, tab('c'));
    expect([ids(workspace), workspace.active]).toEqual([['a', 'c', 'b'], 'c']);
  });

  it.each([
    ['b', 'c'],
    ['c', 'b'],
  ])('after closing the active tab %s shows its neighbour %s', (closing, next) => {
    expect(closeTab({ ...withTabs('a', 'b', 'c'), active: closing }, closing).active).toBe(next);
  });

  it('keeps showing the active tab when another one is closed', () => {
    expect(closeTab({ ...withTabs('a', 'b'), active: 'a' }, 'b').active).toBe('a');
  });

  it('brings a closed tab back with its text', () => {
    const workspace = reopenTab(closeTab(withTabs('a', 'b'), 'b'));
    expect(activeTab(workspace)?.text).toBe("select 'b'");
    expect(workspace.closed).toEqual([]);
  });

  it('does not keep a closed tab that held nothing', () => {
    expect(closeTab(openTab(emptyWorkspace, tab('a', '  \n')), 'a').closed).toEqual([]);
  });

  it('closes the last tab and then shows none', () => {
    expect(closeTab(withTabs('a'), 'a')).toMatchObject({ tabs: [], active: null });
  });

  it('opens no more tabs than can be saved', () => {
    const full = withTabs(...Array.from({ length: MOST_TABS }, (_, n) => `t${String(n)}`));
    expect(openTab(full, tab('more'))).toBe(full);
  });

  it('gives new tabs titles that no open tab has', () => {
    const workspace = openTab(openTab(emptyWorkspace, { ...tab('a'), title: 'query 1' }), {
      ...tab('b'),
      title: 'customers',
    });
    expect([freshTitle(workspace, 'query'), freshTitle(workspace, 'customers')]).toEqual(['query 2', 'customers 2']);
  });

  it('renames a tab, but never to nothing', () => {
    const workspace = withTabs('a');
    expect(renameTab(workspace, 'a', ' orders ').tabs[0]?.title).toBe('orders');
    expect(renameTab(workspace, 'a', '   ')).toBe(workspace);
  });

  it('steps around the ends', () => {
    const workspace = { ...withTabs('a', 'b', 'c'), active: 'c' };
    expect([stepTab(workspace, 1).active, stepTab({ ...workspace, active: 'a' }, -1).active]).toEqual(['a', 'c']);
  });

  it('saves text and not what was closed, and comes back showing a tab', () => {
    const workspace = changeTab(closeTab(withTabs('a', 'b'), 'b'), 'a', { text: 'select 2', cursor: 3 });
    const saved = savedForm(workspace);
    expect(saved).not.toHaveProperty('closed');
    expect(activeTab(restored({ ...saved, active: 'gone' }))).toMatchObject({ id: 'a', text: 'select 2', cursor: 3 });
  });
});
