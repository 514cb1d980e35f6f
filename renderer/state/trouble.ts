/** An error as a person reads it: the gate's errors carry their sentences; anything else is named, not shown. */
export interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly next: string | null;
}

/** Of an error that crossed the link (shared/rpc/errors.ts) or happened here. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const next = 'next' in error && typeof error.next === 'string' ? error.next : null;
    return { code: error.code, message: error.message, next };
  }
  // A fault of the window itself: for whoever has its console open.
  if (!isAbort(error)) console.error(error);
  return { code: 'window', message: 'The window could not do this.', next: 'Reload the window; your text is kept.' };
}

/** Was the call ended by ourselves, so that there is nothing to tell. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** What comes from the gate: not here yet, here, or not to be had. */
export type Loadable<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'failed'; readonly trouble: Trouble };

export const loading = { state: 'loading' } as const;
