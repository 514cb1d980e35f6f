/**
 * What `look` sees now, and again after changes, until the signal aborts; a slow reader gets the newest only.
 * @param subscribe one for each source of changes: is told what to call, gives what ends that
 */
export async function* newest<T>(
  look: () => T,
  subscribe: readonly ((changed: () => void) => () => void)[],
  signal: AbortSignal,
): AsyncGenerator<T> {
  let changed = true;
  let wake: () => void = () => undefined;
  const change = (): void => {
    changed = true;
    wake();
  };
  const stops = subscribe.map((source) => source(change));
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      if (!changed) await new Promise<void>((resolve) => (wake = resolve));
      changed = false;
      if (!signal.aborted) yield look();
    }
  } finally {
    for (const stop of stops) stop();
  }
}
