import { existsSync } from 'node:fs';
import { type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GalleryPage, openGallery } from '../scripts/gallery-page.ts';
import { contentSecurityPolicy } from '../shared/csp.ts';

/** The Policy view over a made-up policy in a real browser, under the window's own content security policy: keys, focus, mending, saving. */
describe.skipIf(!existsSync('/usr/bin/chromium'))('the Policy view', () => {
  let gallery: GalleryPage;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    gallery = await openGallery({ width: 1280, height: 800 });
    page = await gallery.context.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    await page.route('**/*', async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), 'content-security-policy': contentSecurityPolicy() };
      await route.fulfill({ response, headers });
    });
  });
  afterAll(() => gallery.close());

  const tab = (name: string | RegExp): Locator => page.getByRole('tab', { name });
  const grid = (): Locator => page.getByRole('grid', { name: 'Who can do what' });
  const problems = (): Locator => page.getByRole('region', { name: 'Problems' });
  const save = (): Locator => page.getByRole('button', { name: /^Save/ });
  const eventually = <T>(look: () => Promise<T> | T) => expect.poll(look, { timeout: 30_000 });
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = (): Promise<string | null> =>
    page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? null,
    );

  async function open(scene: string, theme = 'light'): Promise<void> {
    await page.goto(gallery.url(scene, theme));
    await page.locator('.policy-text .view-line').nth(5).waitFor();
  }

  /** Puts the cursor behind the first place of these words, as Find does. */
  async function goTo(words: string): Promise<void> {
    await page.locator('.policy-text .monaco-editor').click();
    await press('Control+Home', 'Control+f');
    await page.keyboard.insertText(words);
    await press('Enter', 'Escape', 'ArrowRight');
  }

  it('marks what is wrong in its place, says what could stand there, and mends it by choice', async () => {
    await open('policy-wrong');
    await problems().getByText('unknown key "alow" in rules').click();
    await page.locator('.policy-text .squiggly-error').first().waitFor();
    await press('Control+.');
    await page.getByText('Replace by allow', { exact: true }).click();
    await problems().getByText('1 error').waitFor();
    await problems().getByText('no group is called "analyst"').click();
    await press('Control+.');
    await page.getByText('Replace by group:analysts', { exact: true }).click();
    await page.getByText('All 6 tests pass').waitFor();
  });

  it('completes what is typed', async () => {
    await open('policy-tests');
    await goTo('timezone: Europe/Madrid');
    await press('Enter');
    await page.keyboard.type('requ');
    await page.locator('.suggest-widget.visible').getByText('require').first().waitFor();
    await press('Enter');
    await page
      .locator('.policy-text .view-line')
      .filter({ hasText: /^require:/ })
      .waitFor();
  });

  it('says what a key means, also where that has an example', async () => {
    await open('policy-tests');
    await goTo('require:');
    const key = page.locator('.policy-text .view-line span span').getByText('require', { exact: true }).first();
    const box = await key.boundingBox();
    if (box === null) throw new Error('The key is not on the screen.');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 3 });
    await page.locator('.monaco-hover').getByText('allows only with obligations').waitFor();
    await page.locator('.monaco-hover code').filter({ hasText: 'require: { mask' }).first().waitFor();
  });

  it('walks through the matrix with the keys, and shows what is behind a cell', async () => {
    await open('policy');
    await grid().waitFor();
    const first = grid().getByRole('gridcell').first();
    await first.focus();
    await press('ArrowDown', 'ArrowRight', 'Enter');
    const detail = page.getByRole('complementary', { name: 'Cell' });
    await detail.getByText('analysts: export on shop').waitFor();
    await press('Control+End');
    await detail.getByText('Nightly report: grant on shop').waitFor();
    await press('Control+Home', 'ArrowDown', 'ArrowDown');
    await detail.getByText('now.weekday > 5').waitFor();
    expect(await focused()).toMatch(/^select: Depends/);
    expect(await grid().locator('[tabindex="0"]').count()).toBe(1);
    await press('Escape');
    await detail.waitFor({ state: 'detached' });
    expect(await focused()).toMatch(/^select: Depends/);
  });

  it('keeps the heading of an asker from lying over the cell that has the focus', async () => {
    await open('policy-many');
    await grid().waitFor();
    await grid().getByRole('gridcell').first().focus();
    await press('Control+End', ...Array.from({ length: 40 }, () => 'ArrowUp'));
    const covered = await page.evaluate(() => {
      const box = document.activeElement?.getBoundingClientRect();
      if (box === undefined) return 'nothing has the focus';
      const top = document.elementFromPoint(box.left + box.width / 2, box.top + 2);
      return document.activeElement?.contains(top) === true ? '' : (top?.className ?? 'nothing');
    });
    expect(covered).toBe('');
  });

  it('goes from a rule to its line', async () => {
    await open('policy');
    await grid()
      .getByRole('gridcell', { name: /^truncate: Denied$/ })
      .first()
      .click();
    await page.getByRole('complementary', { name: 'Cell' }).getByRole('button', { name: 'no-drop' }).click();
    await page.locator('.policy-text .view-line').filter({ hasText: 'id: no-drop' }).waitFor();
    await eventually(() => page.locator('.policy-text .line-numbers.active-line-number').textContent()).toBe('51');
  });

  it('shows wider rights before anything is saved, and saves only then', async () => {
    await open('policy-changes');
    await page.getByText('14 rights wider').first().waitFor();
    await press('Control+s');
    const dialog = page.getByRole('dialog', { name: 'Put this policy in force' });
    await dialog.getByRole('region', { name: 'What becomes wider' }).waitFor();
    await press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('not saved').waitFor();
    await press('Control+s');
    await dialog.getByRole('button', { name: 'Save and widen' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('The same policy as the one in force.').waitFor();
    expect(await page.getByText('not saved').count()).toBe(0);
  });

  it('keeps what is typed when the file changes, compares both, and asks which of them counts', async () => {
    await open('policy-behind');
    await page.getByText('changed by somebody else').waitFor();
    expect(await save().isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Compare' }).last().click();
    const dialog = page.getByRole('dialog', { name: /policy.yaml on disk/ });
    await dialog
      .getByText(/hidden lines/)
      .first()
      .waitFor();
    await dialog.locator('.modified .view-line').filter({ hasText: 'seconds: 300' }).waitFor();
    await dialog.locator('.original .view-line').filter({ hasText: 'rows: 50000' }).waitFor();
    await dialog.getByRole('button', { name: 'Keep mine' }).click();
    await eventually(() => save().isEnabled()).toBe(true);
    await page.getByRole('button', { name: 'Revert' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revert' }).click();
    await eventually(() => page.getByText('not saved').count()).toBe(0);
    await goTo('rows: 50000');
    await press('Control+z');
    await page.getByText('not saved').waitFor();
  });

  it('reads the differences aloud in a form of their own', async () => {
    await open('policy-behind');
    await page.getByText('changed by somebody else').waitFor();
    await page.getByRole('button', { name: 'Compare' }).last().click();
    await page
      .getByText(/hidden lines/)
      .first()
      .waitFor();
    await page.locator('.compare-text .modified .view-lines').click();
    await press('F7');
    await page.locator('.diff-review').getByText('seconds: 300').first().waitFor();
    await press('Escape');
  });

  it('keeps the text and its undo history while another view is on the screen', async () => {
    await open('policy-tests');
    await goTo('timezone: Europe/Madrid');
    await page.keyboard.type(' # mine');
    await page.getByText('not saved').waitFor();
    await press('Alt+1', 'Alt+3');
    await page.locator('.policy-text .view-line').filter({ hasText: '# mine' }).waitFor();
    await page.locator('.policy-text .view-line').filter({ hasText: '# mine' }).click();
    for (let step = 0; step < 10; step++) await press('Control+z');
    await eventually(() => page.getByText('not saved').count()).toBe(0);
  });

  it('explains a statement from the keyboard and leads to its rules', async () => {
    await open('policy-explain');
    await page.locator('.sql-box .view-line').first().click();
    await press('Control+Enter');
    await page.getByText('DROP and TRUNCATE are never run in production').first().waitFor();
    await page
      .getByRole('row', { name: /Applies deny no-drop/ })
      .getByRole('button')
      .click();
    await eventually(() => page.locator('.policy-text .line-numbers.active-line-number').textContent()).toBe('51');
    await page.locator('.sql-box .view-line').first().click();
    await press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('.sql-box') === null)).toBe(true);
  });

  it('leads from a simulated statement to its event in the record', async () => {
    await open('policy-simulate');
    await page.getByRole('button', { name: 'Simulate' }).click();
    await page.getByText('14 statements not decided again').waitFor();
    await page.getByTitle('Open in Activity').first().click();
    await page.getByRole('complementary', { name: /^Event/ }).waitFor();
  });

  it('writes a class only after somebody ticked and confirmed it', async () => {
    await open('policy-classification');
    await page.getByRole('button', { name: 'Look for more' }).click();
    await page.getByText('5 proposals', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Confirm' }).isDisabled()).toBe(true);
    await page.getByRole('checkbox', { name: /ship_to/ }).check();
    await page.getByRole('button', { name: 'Confirm 1' }).click();
    await page.getByText('4 proposals', { exact: true }).waitFor();
  });

  it('lets somebody who may not save try a proposal all the same', async () => {
    await open('policy-locked');
    await page.getByText('Only administrators').first().waitFor();
    await goTo('maxMinutes: 60');
    await page.keyboard.type('0');
    await page.getByText('What you write is a proposal').waitFor();
    await press('Control+s');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await tab('Changes').click();
    await page.getByText('Nobody whom the matrix knows').or(page.getByText('The same policy')).first().waitFor();
  });

  it('goes round its areas with F6', async () => {
    await open('policy');
    await grid().waitFor();
    const seen = new Set<string>();
    for (let step = 0; step < 9; step++) {
      await press('F6');
      const area = await page.evaluate(
        () =>
          document.activeElement?.closest('.policy-head, .policy-text, .policy-problems, .policy-answers')?.className ??
          '',
      );
      if (area !== '') seen.add(area);
    }
    expect([...seen].toSorted()).toEqual(['policy-answers', 'policy-head', 'policy-problems', 'policy-text']);
  });

  it('made no error that nobody caught, in all of this', () => {
    expect(faults).toEqual([]);
  });
});
