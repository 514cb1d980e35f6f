import { useCallback, useSyncExternalStore } from 'react';

/** Something outside of React that changes and can be looked at. */
interface Observed<T> {
  subscribe(listener: () => void): () => void;
  snapshot(): T;
}

const nothing = (): void => undefined;

/** Renders with the current snapshot of what may be there; null while it is not. */
export function useSnapshot<T>(source: Observed<T> | null): T | null {
  const subscribe = useCallback((listener: () => void) => source?.subscribe(listener) ?? nothing, [source]);
  return useSyncExternalStore(subscribe, () => source?.snapshot() ?? null);
}
