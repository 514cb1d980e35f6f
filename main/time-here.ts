/** Time as far as it has come here: it never goes back, and goes on by itself while the machine's clock is set back. */
export interface TimeHere {
  /** ms since 1970. */
  now(): number;
  /** ms that the machine's clock is behind. */
  behind(): number;
}

/**
 * @param clock the machine's, ms since 1970: whoever owns the machine may set it back
 * @param elapsed ms from an arbitrary moment on, which nobody sets; it may stand still while the machine sleeps
 */
export function timeHere(clock: () => number, elapsed: () => number): TimeHere {
  let newest = clock();
  let at = elapsed();
  const now = (): number => {
    const passed = elapsed();
    newest = Math.max(clock(), newest + passed - at);
    at = passed;
    return newest;
  };
  return { now, behind: () => now() - clock() };
}
