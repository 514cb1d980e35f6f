import { describe, expect, it } from 'vitest';
import { createStore } from './store.ts';

describe('a store', () => {
  it('tells its listeners after a change, and not when the value is the same', () => {
    const store = createStore({ n: 1 });
    const seen: number[] = [];
    store.subscribe(() => seen.push(store.get().n));
    store.update((value) => ({ n: value.n + 1 }));
    store.update((value) => value);
    expect(seen).toEqual([2]);
  });

  it('stops telling a listener that left, also when it leaves while being told', () => {
    const store = createStore(0);
    let calls = 0;
    const leave = store.subscribe(() => {
      calls++;
      leave();
    });
    let others = 0;
    store.subscribe(() => others++);
    store.set(1);
    store.set(2);
    expect([calls, others]).toEqual([1, 2]);
  });
});
