import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorkspace, personalDirectory } from './workspace.ts';

const state = {
  tabs: [{ id: 't1', title: 'orders.sql', connection: 'production', text: 'SELECT \u{1f600}', cursor: 3 }],
  active: 't1',
  layout: { sidebar: 20 },
  theme: 'dark',
} as const;

describe('the workspace of a person', () => {
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'countersign-workspace-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('is empty the first time', () => {
    expect(openWorkspace(home).load().tabs).toEqual([]);
  });

  it('gives back what was saved, readable by its owner only', () => {
    openWorkspace(home).save(state);
    expect(openWorkspace(home).load()).toEqual(state);
    expect(statSync(join(home, 'workspace.json')).mode & 0o077).toBe(0);
  });

  it('sets an unreadable file aside instead of losing what somebody typed', () => {
    writeFileSync(join(home, 'workspace.json'), '{"tabs":[{"text":"SELECT 1');
    const store = openWorkspace(home);
    expect(store.load().tabs).toEqual([]);
    store.save(state);
    expect(readdirSync(home).some((name) => name.includes('unreadable'))).toBe(true);
  });

  it('is another folder for another person', () => {
    const person = (subject: string) =>
      personalDirectory(home, {
        issuer: 'https://id.example',
        subject,
        name: subject,
        groups: [],
        verified: true,
        authenticatedAt: '2026-01-01T00:00:00Z',
      });
    expect(person('ana')).not.toBe(person('eli'));
    expect(person('ana')).toBe(person('ana'));
  });
});
