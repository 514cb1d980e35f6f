import { describe, expect, it } from 'vitest';
import { createTabKeys, TICKET_MS } from './tab-keys.ts';

describe('admission of a tab', () => {
  it('exchanges a ticket for a key, once', () => {
    const keys = createTabKeys();
    const ticket = keys.issue();
    const made = keys.redeem(ticket);
    expect(made).not.toBeNull();
    expect(keys.admit(made?.key ?? '')).toEqual({ welcome: made?.welcome });
    expect(keys.redeem(ticket)).toBeNull();
  });

  it('lets a ticket expire at its time, and not before', () => {
    let now = 1000;
    const keys = createTabKeys(() => now);
    const [early, late] = [keys.issue(), keys.issue()];
    now += TICKET_MS - 1;
    expect(keys.redeem(early)).not.toBeNull();
    now += 1;
    expect(keys.redeem(late)).toBeNull();
  });

  it('makes tickets of 32 random bytes that are never the same', () => {
    const keys = createTabKeys();
    const tickets = Array.from({ length: 50 }, () => keys.issue());
    expect(new Set(tickets).size).toBe(50);
    for (const ticket of tickets) expect(Buffer.from(ticket, 'base64url')).toHaveLength(32);
  });

  it('forgets the oldest ticket rather than keep any number of them', () => {
    const keys = createTabKeys();
    const first = keys.issue();
    const rest = Array.from({ length: 64 }, () => keys.issue());
    expect(keys.redeem(first)).toBeNull();
    expect(keys.redeem(rest[0] ?? '')).not.toBeNull();
  });

  it.each(['', 'guess', '__proto__'])('admits nobody by the key or ticket "%s"', (value) => {
    const keys = createTabKeys();
    keys.redeem(keys.issue());
    expect(keys.admit(value)).toBeNull();
    expect(keys.redeem(value)).toBeNull();
  });

  it('does not take a ticket for a key', () => {
    const keys = createTabKeys();
    expect(keys.admit(keys.issue())).toBeNull();
  });
});
