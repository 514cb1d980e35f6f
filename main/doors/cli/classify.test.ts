import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CANARY, type CanaryShop, startCanaryShop } from '../../gate/mask/testing/canary-shop.ts';
import { readClassification } from '../../policy/classification.ts';
import { run } from './testing/terminal.ts';

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
