import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './testing/terminal.ts';

describe('a local profile on the command line', () => {
  let home: string;
  beforeAll(async () => {
    home = join(mkdtempSync(join(tmpdir(), 'countersign-local-')), 'profile');
    expect((await run(['init', '--home', home, '--secrets', 'file'])).code).toBe(0);
  });
  afterAll(() => rmSync(join(home, '..'), { recursive: true, force: true }));

  const names = async (): Promise<readonly unknown[]> => {
    const { stdout } = await run(['connections', '--home', home, '--json']);
    return (JSON.parse(stdout) as { readonly name: string }[]).map(({ name }) => name);
  };

  it('is made once, and says whom it takes the asker to be', async () => {
    const again = await run(['init', '--home', home]);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/already holds a profile/);
    expect((await run(['whoami', '--home', home])).stdout).toMatch(/identity not verified/);
  });

  it('takes a connection by its address, wherever the options stand, and keeps the password out of its files', async () => {
    const url = 'postgres://me:canary-password@db.example/shop';
    expect((await run(['connections', 'add', '--home', home, url, '--title', 'Our shop'])).stdout).toBe('our-shop\n');
    expect((await run(['connections', 'add', url, '--title', 'Other', '--home', home])).stdout).toBe('other\n');
    expect(await names()).toEqual(['our-shop', 'other']);
    expect(readFileSync(join(home, 'connections.yaml'), 'utf8')).not.toContain('canary-password');
  });

  it('lets go of a connection by its name', async () => {
    expect((await run(['connections', 'remove', 'other', '--home', home])).code).toBe(0);
    expect(await names()).toEqual(['our-shop']);
  });
});
