import { expect, it } from 'vitest';
import { abortWithin } from './abort-within.ts';

it('follows a signal that aborts later or has aborted before, with its reason', () => {
  const outer = new AbortController();
  const early = abortWithin(outer.signal);
  expect(early.controller.signal.aborted).toBe(false);
  outer.abort('gone');
  for (const { controller } of [early, abortWithin(outer.signal)]) {
    expect(controller.signal.aborted).toBe(true);
    expect(controller.signal.reason).toBe('gone');
  }
});

it('aborts by itself without touching the outer signal, and follows nothing once left', () => {
  const outer = new AbortController();
  const [own, left] = [abortWithin(outer.signal), abortWithin(outer.signal)];
  own.controller.abort();
  left.leave();
  expect(outer.signal.aborted).toBe(false);
  outer.abort();
  expect(left.controller.signal.aborted).toBe(false);
});
