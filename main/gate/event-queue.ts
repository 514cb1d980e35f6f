/** A one-reader queue: what a running statement pushes, its door pulls. Progress is replaced, not piled up. */
export interface EventQueue<E extends { readonly kind: string }> {
  readonly push: (event: E) => void;
  readonly end: () => void;
  readonly events: AsyncIterable<E>;
}

export function createEventQueue<E extends { readonly kind: string }>(): EventQueue<E> {
  const waiting: E[] = [];
  let ended = false;
  let wake: () => void = () => undefined;
  async function* read(): AsyncGenerator<E> {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return {
    push(event) {
      // A reader slower than the rows only wants to know how many there are now.
      if (event.kind === 'progress' && waiting.at(-1)?.kind === 'progress') waiting[waiting.length - 1] = event;
      else waiting.push(event);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    events: read(),
  };
}
