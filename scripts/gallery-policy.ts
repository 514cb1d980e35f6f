import { type Page } from 'playwright-core';
import { type Shot } from './gallery-shot.ts';

/** Pictures of the Policy view. */

const text =
  (words: string | RegExp): ((page: Page) => Promise<void>) =>
  async (page) => {
    await page.getByText(words).first().waitFor();
    await editor(page);
  };

/** The editor has drawn the text. */
async function editor(page: Page): Promise<void> {
  await page.locator('.policy-text .view-line').nth(5).waitFor();
}

async function matrix(page: Page): Promise<void> {
  await editor(page);
  await page
    .getByRole('gridcell', { name: /^select: Depends/ })
    .nth(1)
    .click();
  await page.keyboard.press('ArrowRight');
  await page.getByRole('complementary', { name: 'Cell' }).waitFor();
}

async function press(page: Page, name: string): Promise<void> {
  await editor(page);
  await page.getByRole('button', { name }).first().click();
}

async function save(page: Page): Promise<void> {
  await text('rights wider')(page);
  await page.keyboard.press('Control+s');
  await page.getByRole('button', { name: 'Save and widen' }).waitFor();
}

async function compare(page: Page): Promise<void> {
  await text('changed by somebody else')(page);
  await press(page, 'Compare');
  await page
    .getByText(/hidden lines/)
    .first()
    .waitFor();
}

async function explain(page: Page): Promise<void> {
  await editor(page);
  await page.locator('.sql-box .view-line').first().waitFor();
  await press(page, 'Explain');
  await page.getByText('every').or(page.getByText('call')).first().waitFor();
}

async function simulate(page: Page): Promise<void> {
  await press(page, 'Simulate');
  await page.getByText('14 statements not decided again').waitFor();
  await page.getByRole('button', { name: 'Simulate' }).waitFor();
}

async function propose(page: Page): Promise<void> {
  await press(page, 'Look for more');
  await page.getByText('5 proposals', { exact: true }).waitFor();
  await page.getByRole('checkbox').nth(1).check();
}

async function hover(page: Page): Promise<void> {
  await editor(page);
  const box = await page.locator('.policy-text .squiggly-error').first().boundingBox();
  if (box === null) throw new Error('Nothing is underlined.');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.locator('.monaco-hover').filter({ hasText: 'Possible' }).waitFor();
}

async function complete(page: Page): Promise<void> {
  await editor(page);
  await page.locator('.policy-text .view-line').nth(3).click();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.keyboard.type('re');
  await page.keyboard.press('Control+Space');
  await page.locator('.suggest-widget.visible').waitFor();
}

export const policyShots: Readonly<Record<string, Shot>> = {
  policy: { page: 'policy', small: true, act: matrix },
  'policy-tests': { page: 'policy-tests', act: text(/tests pass/) },
  'policy-failing-tests': { page: 'policy-failing-tests', small: true, act: text(/tests fail/) },
  'policy-no-tests': { page: 'policy-no-tests', act: text('There are no tests yet') },
  'policy-wrong': { page: 'policy-wrong', act: hover },
  'policy-completion': { page: 'policy-tests', act: complete },
  'policy-malformed': { page: 'policy-malformed', act: text('policy.yaml is not right') },
  'policy-many': { page: 'policy-many', act: text(/rows are shown/) },
  'policy-changes': { page: 'policy-changes', small: true, act: text('rights wider') },
  'policy-save': { page: 'policy-changes', small: true, act: save },
  'policy-behind': { page: 'policy-behind', act: text('changed by somebody else') },
  'policy-compare': { page: 'policy-behind', small: true, act: compare },
  'policy-locked': { page: 'policy-locked', act: text('Only administrators') },
  'policy-explain': { page: 'policy-explain', small: true, act: explain },
  'policy-simulate': { page: 'policy-simulate', small: true, act: simulate },
  'policy-classification': { page: 'policy-classification', small: true, act: propose },
  'policy-loading': { page: 'policy-loading', act: (page) => page.getByRole('progressbar').first().waitFor() },
  'policy-failing': {
    page: 'policy-failing',
    act: (page) => page.getByText('permission denied').first().waitFor(),
  },
};
