/** The major versions that are reviewed, oldest first. */
export const MAJORS: readonly number[] = [13, 14, 15, 16, 17, 18];

/**
 * Versions as builtins.json and the review write them: '' for all, '14-' since 14, '-16' up to 16, '14-16' both.
 * @throws Error where they have a gap, which the notation cannot say
 */
export function versionsText(majors: readonly number[]): string {
  const [first, last] = [Math.min(...majors), Math.max(...majors)];
  const whole = MAJORS.filter((major) => first <= major && major <= last);
  if (whole.length !== new Set(majors).size) throw new Error(`not one range: ${majors.join(', ')}`);
  const [since, until] = [first === MAJORS[0] ? '' : String(first), last === MAJORS.at(-1) ? '' : String(last)];
  return since === '' && until === '' ? '' : `${since}-${until}`;
}
