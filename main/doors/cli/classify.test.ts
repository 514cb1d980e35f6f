import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CANARY, type CanaryShop, startCanaryShop } from '../../gate/mask/testing/canary-shop.ts';
import { readClassification } from '../../policy/classification.ts';
import { startWorkplace, type Workplace } from '../testing/workplace.ts';
import { run, signIn } from './testing/terminal.ts';

describe('classify suggest', () => {
  let shop: CanaryShop;
  beforeAll(async () => {
    shop = await startCanaryShop();
  }, 120_000);
  afterAll(() => shop.close());

  it('names columns that nobody classified, with how many of their values look like it, and shows none', async () => {
    const { code, stdout } = await run(['classify', 'suggest', 'shop', '--home', shop.home]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/public\.contacts\.free +\| email +\| 100 % of 200 different values \| e-mail address/);
    expect(stdout).not.toContain('public.people.mail');
    expect(stdout).not.toContain('part_no');
    expect(stdout).not.toMatch(CANARY);
  });

  it('gives lines that classification.yaml takes', async () => {
    const { stdout } = await run(['classify', 'suggest', 'shop', '--json', '--home', shop.home]);
    const answer = JSON.parse(stdout) as { readonly suggestions: readonly unknown[]; readonly classification: string };
    expect(answer.suggestions).toContainEqual({
      column: 'public.contacts.free',
      type: 'text',
      class: 'email',
      by: 'values',
      share: 1,
      samples: 200,
      form: 'e-mail address',
    });
    const classes = 'classes: { email: { group: pii, masker: email } }\n';
    const read = readClassification(
      `version: 1\n${answer.classification.includes('masker') ? '' : classes}${answer.classification}`,
      ['shop'],
    );
    expect(read.ok && [...(read.classification.columns.get('shop')?.keys() ?? [])]).toContain('public\0contacts\0free');
  });

  it('says so where a connection does not exist', async () => {
    const { code, stderr } = await run(['classify', 'suggest', 'nowhere', '--home', shop.home]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('no connection named nowhere')]);
  });
});

describe('classify show', { timeout: 120_000 }, () => {
  let workplace: Workplace;
  beforeAll(async () => {
    workplace = await startWorkplace();
    const path = join(workplace.home, 'policy.yaml');
    const rule = '  - { id: no-customers, deny: read, in: { table: customers } }\n';
    writeFileSync(path, readFileSync(path, 'utf8').replace('rules:\n', `rules:\n${rule}`));
    await signIn(workplace.home, 'ana');
    await signIn(workplace.home, 'sam');
  });
  afterAll(() => workplace.stop());

  const shownTo = async (email: string): Promise<readonly string[]> => {
    const { stdout } = await run(['classify', 'show', 'production', '--json', '--as', email, '--home', workplace.home]);
    return (JSON.parse(stdout) as { readonly columns: readonly { readonly column: string }[] }).columns.map(
      ({ column }) => column,
    );
  };

  it('names columns of what a person may read, and to administrators all', async () => {
    const [seen, all] = [await shownTo('ana@shop.example'), await shownTo('sam@shop.example')];
    expect(all).toContain('public.customers.email');
    expect(seen).not.toEqual([]);
    expect(seen).toEqual(all.filter((column) => !column.startsWith('public.customers.')));
  });
});
