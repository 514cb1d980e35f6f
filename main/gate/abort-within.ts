export interface Within {
  readonly controller: AbortController;
  /** Nothing that happens to the outer signal matters any more. */
  readonly leave: () => void;
}

/**
 * A controller whose signal also follows `outer`. AbortSignal.any does the same without being left, but what hangs on its
 * signals stays until the whole heap is collected, which makes every collection before that one longer.
 */
export function abortWithin(outer: AbortSignal): Within {
  const controller = new AbortController();
  const follow = (): void => controller.abort(outer.reason);
  if (outer.aborted) follow();
  else outer.addEventListener('abort', follow, { once: true });
  return { controller, leave: () => outer.removeEventListener('abort', follow) };
}
