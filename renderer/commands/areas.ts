/** The areas F6 goes through, in reading order: what is focused in each. */
const AREAS = [
  '.top-bar-search',
  '.activity[aria-current]',
  '.panel [role="tree"], .panel input',
  '.editor-tab[aria-selected="true"]',
  '.sql-editor textarea, .sql-editor .native-edit-context',
  '.toolbar button',
  '.needs-bar input, .needs-bar button',
  '.results-area [role="grid"], .results-area [tabindex="0"], .results-area button',
  '.inspector-area [role="tab"][aria-selected="true"]',
  '.activity-filters input',
  '.activity-chart [tabindex="0"]',
  '.activity-list [role="grid"], .activity-list button',
  '.activity-detail button',
  '.policy-head button:not([disabled])',
  '.policy-text textarea, .policy-text .native-edit-context',
  '.policy-problems button',
  '.policy-answers [role="tab"][aria-selected="true"]',
  '.matrix-detail button',
  '.settings-place[aria-selected="true"]',
  '.page button, .page [tabindex="0"]',
  '.status-line button',
] as const;

const visible = (element: HTMLElement): boolean => element.offsetParent !== null;

/** Moves the focus to the next (1) or previous (-1) area that is on the screen: the way out of the editor, where Tab indents. */
export function stepArea(step: 1 | -1): void {
  const shown = AREAS.flatMap((selector) => {
    const first = [...document.querySelectorAll<HTMLElement>(selector)].find(visible);
    return first === undefined ? [] : [{ selector, first }];
  });
  const current = document.activeElement;
  const at = shown.findIndex(({ selector }) =>
    [...document.querySelectorAll(selector)].some((element) => element.contains(current)),
  );
  const from = at >= 0 ? at : areaAround(shown, current);
  shown[(from + step + shown.length) % shown.length]?.first.focus();
}

/** The area whose surroundings hold the focus, when the focus is on something else in it. */
function areaAround(shown: readonly { readonly first: HTMLElement }[], current: Element | null): number {
  const surroundings = current?.closest(
    '.top-bar, .activity-bar, .panel, .editor-tabs, .sql-editor, .toolbar, .needs-bar, .results-area, .inspector-area, .activity-filters, .activity-chart, .activity-list, .activity-detail, .settings, .policy-head, .policy-text, .policy-problems, .policy-answers, .page, .status-line',
  );
  return surroundings == null ? -1 : shown.findIndex(({ first }) => surroundings.contains(first));
}
